"""How runs end, as it is written down: in one statement for all that end together, and told where a task is visible."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import EsteioError, Internal, Unavailable
from esteio.db.batches import batch
from esteio.db.database import Database
from esteio.db.transaction import transaction
from esteio.jobs.contents import contents, plain
from esteio.jobs.gathering import Gathering
from esteio.jobs.notice import Tell
from esteio.jobs.run import END, Run
from esteio.jobs.tickets import Claimed, Ending, Rest, Tickets
from esteio.telemetry.logs import log
from esteio.telemetry.tracing.spans import traceparent

PATIENCE = (0.1, 0.3, 1.0, 2.0, 4.0)
"""Pauses between tries to write an ending while the database is away; after them the reconciler has the job."""

LONGEST_WORDS = 2_000
_ERROR = "UPDATE jobs SET error = $2::jsonb WHERE id = $1 AND outcome IS NULL"
_PROGRESS = text("""
UPDATE jobs SET done = :done, total = :total, message = :message FROM job_tickets t
WHERE jobs.id = :id AND t.job_id = :id AND t.fence = :fence AND t.state = 'running'
RETURNING jobs.id
""")


class Endings:
    """Writes endings, rests and progress. Raises `Unavailable` when the database stays away for too long."""

    def __init__(self, database: Database, tickets: Tickets, tell: Tell) -> None:
        self._database = database
        self._tickets = tickets
        self._tell = tell
        self._finish: Gathering[tuple[UUID, Ending], bool] = Gathering(self._finish_all)

    async def write(
        self, run: Run, outcome: str, *, result: BaseModel | None = None, error: EsteioError | None = None
    ) -> str:
        """The run's end; `lost` when it was not its to write."""
        try:
            text = None if result is None else contents(result, "The job's result")
        except Exception as refusal:  # whatever a result is made of, its job comes to an end
            log("esteio.jobs").exception("job.result_not_kept")
            outcome, text, error = "failed", None, refusal if isinstance(refusal, EsteioError) else Internal()
        ending = Ending(run.held, outcome, text, error_json(error))
        if outcome == "failed":
            await self._note_span(run.claimed)
        for pause in (*PATIENCE, None):
            try:
                written = await (
                    self._finish_visible(run, ending) if run.kind.visible else self._finish((run.tenant, ending))
                )
                break
            except Unavailable:
                if pause is None:
                    raise
                await asyncio.sleep(pause)
        if not written:
            log("esteio.jobs").warning("job.lease_lost")
        return outcome if written else "lost"

    async def _finish_all(self, items: Sequence[tuple[UUID, Ending]]) -> list[bool]:
        by_tenant: dict[UUID, list[Ending]] = {}
        for tenant, ending in items:
            by_tenant.setdefault(tenant, []).append(ending)
        written: set[UUID] = set()
        for tenant, endings in by_tenant.items():
            written |= await self._tickets.finish(tenant, endings)
        return [ending.held.id in written for _, ending in items]

    async def _finish_visible(self, run: Run, ending: Ending) -> bool:
        async with transaction(self._database, run.tenant) as session:
            values = _progress_values(run) | {
                "outcome": ending.outcome,
                "result": ending.result,
                "error": ending.error,
            }
            written = (await session.execute(END, values)).first() is not None
            if written:
                result, error = orjson.loads(ending.result or "null"), orjson.loads(ending.error or "null")
                self._tell(session, run.notice(ending.outcome, result=result, error=error))
        run.changed = False
        return written

    async def rest(self, claimed: Claimed, rest: Rest, error: EsteioError | None, run: Run | None = None) -> str:
        """Give the job back with the error of this try; `lost` when it was not its to give.

        One whose cancellation was asked for meanwhile ends with this instead: it never runs again.
        """
        await self._note_span(claimed)
        for pause in (*PATIENCE, None):
            try:
                given = await self._tickets.give_back([rest])
                break
            except Unavailable:
                if pause is None:
                    raise
                await asyncio.sleep(pause)
        if not given:
            return "lost" if run is None else await self.write(run, "cancelled")
        if error is not None:
            async with batch(self._database, claimed.tenant) as connection:
                await connection.execute(_ERROR, claimed.id, error_json(error))
        if run is not None and run.kind.visible and error is not None:
            async with transaction(self._database, claimed.tenant) as session:
                self._tell(session, run.notice("retrying", error=orjson.loads(error_json(error) or "null")))
        return rest.state

    async def _note_span(self, claimed: Claimed) -> None:
        """Keep the span of a run that is not the last, or may not be, before another can begin."""
        span = traceparent()
        if span is not None:
            with suppress(Unavailable):  # then the next run links to none
                await self._tickets.ran(claimed, span)

    async def show_progress(self, runs: Sequence[Run]) -> None:
        """Write down how far runs are. What is lost of it is shown by the next look."""
        for run in runs:
            if not run.changed or run.ended:
                continue
            run.changed = False
            try:
                async with transaction(self._database, run.tenant) as session:
                    await self._show(session, run)
            except EsteioError as error:
                run.changed = True
                log("esteio.jobs").debug("job.progress_not_written", cause=error.operator)
            except Exception:  # one run's progress that cannot be shown hides no other's
                log("esteio.jobs").exception("job.progress_not_written")

    async def _show(self, session: AsyncSession, run: Run) -> None:
        if (await session.execute(_PROGRESS, _progress_values(run))).first() is not None and run.kind.visible:
            self._tell(session, run.notice("running"))


def _progress_values(run: Run) -> dict[str, Any]:
    return {
        "id": run.claimed.id,
        "fence": run.claimed.fence,
        "done": run.done,
        "total": run.total,
        "message": run.message,
    }


def error_json(error: EsteioError | None) -> str | None:
    """The error as it is kept with the job: words for the caller alone."""
    if error is None:
        return None
    words = {"code": error.code, "title": error.title, "detail": plain(error.detail, LONGEST_WORDS)}
    return orjson.dumps(words).decode()
