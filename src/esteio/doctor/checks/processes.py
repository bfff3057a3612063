"""Who is at work: workers of each queue, schedulers."""

from collections.abc import AsyncIterator

from esteio.base.finding import Finding, error
from esteio.doctor.patient import Patient
from esteio.jobs.kinds import QUEUES
from esteio.jobs.tickets import SEEN

_WORKERS = """
SELECT queue FROM job_workers, unnest(queues) AS queue WHERE seen_at > now() - $1 * interval '1 second' GROUP BY queue
"""
_SCHEDULERS = """
SELECT count(*) AS number FROM traffic_processes WHERE kind = 'scheduler' AND at > now() - interval '150 seconds'
"""


async def workers(patient: Patient) -> AsyncIterator[Finding]:
    attended = {row["queue"] for row in await patient.server.rows(_WORKERS, SEEN)}
    missing = [queue for queue in QUEUES if queue not in attended]
    if missing:
        yield error(
            f"No worker has signed on for {' and '.join(missing)} in the last {SEEN:g} s.",
            why="Jobs of that queue wait: exports, mails, webhooks, whatever the products do later.",
            fix=f"Run `esteio worker --queues {','.join(missing)}`.",
        )


async def schedulers(patient: Patient) -> AsyncIterator[Finding]:
    rows = await patient.server.rows(_SCHEDULERS)
    if not rows[0]["number"]:
        yield error(
            "No scheduler has given a sign of life lately.",
            why="Jobs are not carried to workers, schedules do not fire, facts are not told.",
            fix="Run `esteio scheduler`; two are better than one.",
        )
