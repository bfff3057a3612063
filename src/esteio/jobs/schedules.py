"""Enqueues what is due by the clock, once however many schedulers run."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from esteio.base.clock import Clock
from esteio.base.errors import EsteioError
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.database import Database
from esteio.db.transaction import transaction
from esteio.jobs.enqueue import enqueue
from esteio.jobs.kinds import Schedule
from esteio.telemetry.logs import log

PRINCIPAL = "scheduler"
LONGEST_PAUSE = 5.0

# Who moves the time forward enqueues the job in the same transaction; a clock that goes back moves nothing.
_MOVE = text("""
UPDATE job_schedules SET last_due = :due WHERE name = :name AND last_due < :due RETURNING name
""")
_KNOW = text("INSERT INTO job_schedules (name, last_due) VALUES (:name, :due) ON CONFLICT (name) DO NOTHING")


class Scheduler:
    """Any number may run. A schedule that was never seen starts with its next time, not with a past one."""

    def __init__(self, database: Database, clock: Clock, schedules: Sequence[Schedule]) -> None:
        self._database = database
        self._clock = clock
        self._schedules = schedules
        self._known: set[str] = set()

    async def run(self) -> None:
        """Fire what is due until cancelled."""
        while True:
            try:
                await self.once()
            except EsteioError as error:
                log("esteio.jobs").warning("scheduler.database_away", cause=error.operator)
            await asyncio.sleep(self._pause())

    async def once(self) -> None:
        """Fire what has become due since the last run of any scheduler."""
        now = self._clock.now()
        for schedule in self._schedules:
            try:
                await self._look(schedule, schedule.due(now))
            except EsteioError:
                raise
            except Exception:  # one that cannot be fired holds up no other
                log("esteio.jobs").exception("schedule.not_fired", schedule=schedule.key)

    async def _look(self, schedule: Schedule, due: datetime) -> None:
        async with transaction(self._database, DEFAULT_TENANT) as session:
            if schedule.key not in self._known:
                await session.execute(_KNOW, {"name": schedule.key, "due": due})
            moved = (await session.execute(_MOVE, {"name": schedule.key, "due": due})).first()
            if moved is not None:
                # One that still runs is not doubled: the next time comes.
                await enqueue(
                    session,
                    schedule.kind,
                    schedule.payload,
                    tenant=DEFAULT_TENANT,
                    principal=PRINCIPAL,
                    key=f"schedule:{schedule.key}",
                )
        self._known.add(schedule.key)
        if moved is not None:
            log("esteio.jobs").info("schedule.fired", schedule=schedule.key, due=due.isoformat())

    def _pause(self) -> float:
        """Until the next whole second, or a little longer where there is nothing by the minute to do."""
        return 1.0 if self._schedules else LONGEST_PAUSE
