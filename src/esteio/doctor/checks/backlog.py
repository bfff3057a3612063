"""What waits longer than it should, and what was given up."""

from collections.abc import AsyncIterator

from esteio.base.finding import Finding, error, warning
from esteio.doctor.patient import Patient
from esteio.doctor.tenants import tenants

LATE, VERY_LATE = 60.0, 600.0

_OUTBOX = "SELECT tenant_id, min(position) AS position FROM outbox_queue GROUP BY tenant_id ORDER BY 2 LIMIT 50"
_TOLD = """
SELECT extract(epoch FROM now() - min(occurred_at))::float8 AS age FROM outbox WHERE position = $1
"""
_DUE = """
SELECT queue, count(*) AS jobs, extract(epoch FROM now() - min(due_at))::float8 AS age
FROM job_tickets WHERE state <> 'running' AND due_at < now() GROUP BY queue
"""
_DEAD = "SELECT count(*) AS jobs FROM jobs WHERE outcome = 'failed'"
_DISABLED = """
SELECT count(*) FILTER (WHERE disabled_reason IS NOT NULL AND NOT enabled) AS disabled,
       count(*) FILTER (WHERE enabled AND failing_since < now() - interval '1 hour') AS failing
FROM webhook_endpoints WHERE deleted_at IS NULL
"""


async def outbox(patient: Patient) -> AsyncIterator[Finding]:
    age = 0.0
    for row in await patient.server.rows(_OUTBOX):
        found = await patient.server.rows_of(row["tenant_id"], _TOLD, row["position"])
        age = max(age, found[0]["age"] or 0.0)
    if age > LATE:
        tell = error if age > VERY_LATE else warning
        yield tell(
            f"The oldest fact has waited {age:.0f} s to be told.",
            why="Webhooks and live news are that late.",
            fix="See whether a scheduler runs and what it logs (scheduler.part_failed).",
        )


async def due(patient: Patient) -> AsyncIterator[Finding]:
    for row in await patient.server.rows(_DUE):
        if row["age"] > LATE:
            tell = error if row["age"] > VERY_LATE else warning
            yield tell(
                f"{row['jobs']} jobs of the queue {row['queue']} are due, the oldest for {row['age']:.0f} s.",
                why="What callers asked for is that late.",
                fix=f"Run more workers: `esteio worker --queues {row['queue']} --processes …`.",
            )


async def dead_letters(patient: Patient) -> AsyncIterator[Finding]:
    number = 0
    for tenant in await tenants(patient):
        number += (await patient.server.rows_of(tenant, _DEAD))[0]["jobs"]
    if number:
        yield warning(
            f"{number} {'job has' if number == 1 else 'jobs have'} failed for good.",
            why="What they were to do was not done.",
            fix="Look at them (`esteio jobs list --failed`), then `esteio jobs retry --all`.",
        )


async def endpoints(patient: Patient) -> AsyncIterator[Finding]:
    disabled = failing = 0
    for tenant in await tenants(patient):
        row = (await patient.server.rows_of(tenant, _DISABLED))[0]
        disabled, failing = disabled + row["disabled"], failing + row["failing"]
    if disabled:
        yield warning(
            f"{disabled} webhook endpoint{'s were' if disabled > 1 else ' was'} disabled because of failures.",
            why="Its owner is told nothing any more.",
            fix="Tell the owner; `esteio webhooks list` names them, enabling one sends what is missing on request.",
        )
    if failing:
        yield warning(
            f"{failing} webhook endpoint{'s have' if failing > 1 else ' has'} failed for more than an hour.",
            why="It is disabled when it has failed for days.",
            fix="Tell the owner; `esteio webhooks list` names them.",
            variable="ESTEIO_WEBHOOKS__DISABLE_AFTER_DAYS",
        )
