"""What a job's function is given: whom it works for, what it may use, and the only ways in which it may write."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.clock import Clock
from esteio.db.database import Database
from esteio.db.transaction import touched, transaction
from esteio.jobs.contents import contents, plain
from esteio.jobs.errors import LeaseLost
from esteio.jobs.kinds import JobKind
from esteio.jobs.notice import TaskNotice, Tell
from esteio.jobs.tickets import Claimed, Held
from esteio.resources import Resources

LONGEST_MESSAGE = 200

_STILL_HELD = text("SELECT 1 FROM job_tickets WHERE job_id = :id AND fence = :fence AND state = 'running' FOR SHARE")
END = text("""
WITH gone AS (
    DELETE FROM job_tickets WHERE job_id = :id AND fence = :fence AND state = 'running'
    RETURNING job_id, attempts, started_at
)
UPDATE jobs SET outcome = :outcome, result = CAST(:result AS jsonb), error = CAST(:error AS jsonb),
    attempts = gone.attempts, started_at = gone.started_at, finished_at = now(), done = :done, total = :total,
    message = :message
FROM gone WHERE jobs.id = gone.job_id
RETURNING jobs.id
""")
"""Ends one job, if it is still held; no row where it is not."""


class Spread(Protocol):
    """Called after a commit with the kinds of things that it changed: kept answers that show them are dropped."""

    async def __call__(self, tenant: UUID, kinds: frozenset[str]) -> None: ...


@dataclass(slots=True)
class Run:
    """One run of one job. Everything it writes must go through `transaction` or `completion`.

    A run may be doubled: this process may be thought dead while it works. `transaction` commits only while the run
    still holds its job. What must happen once belongs into `completion`, whose commit also ends the job, or must be
    such that doing it twice is doing it once.
    """

    resources: Resources
    settings: Any
    parts: dict[str, Any]
    kind: JobKind[Any]
    claimed: Claimed
    tell: Tell
    spread: Spread
    done: int | None = None
    total: int | None = None
    message: str | None = None
    ended: bool = field(default=False, init=False)
    changed: bool = field(default=False, init=False)

    @property
    def id(self) -> UUID:
        return self.claimed.id

    @property
    def held(self) -> Held:
        return Held(self.claimed.id, self.claimed.fence)

    @property
    def tenant(self) -> UUID:
        return self.claimed.tenant

    @property
    def principal(self) -> str:
        """The id of who asked for the job, such as `user:…`."""
        return self.claimed.principal

    @property
    def attempt(self) -> int:
        """Which try this is, from 1 on."""
        return self.claimed.attempts

    @property
    def database(self) -> Database:
        return self.resources.database

    @property
    def clock(self) -> Clock:
        return self.resources.clock

    def progress(self, done: int, total: int | None = None, message: str | None = None) -> None:
        """How far it is, in the kind's unit. Cheap: it is written down about twice a second, the last state counts."""
        self.done, self.message = done, plain(message, LONGEST_MESSAGE) if message else message
        self.total = self.total if total is None else total
        self.changed = True

    @asynccontextmanager
    async def transaction(self, *, budget: float | None = None) -> AsyncIterator[AsyncSession]:
        """A session as the job's tenant, committed only while the run holds its job. Raises `LeaseLost`.

        Over within `budget` seconds; without one, within the settings' `transaction_timeout`.
        """
        async with transaction(self.database, self.tenant, budget=budget) as session:
            yield session
            await session.flush()
            if (await session.execute(_STILL_HELD, self._proof)).first() is None:
                raise LeaseLost
        await self.spread(self.tenant, touched(session))

    @asynccontextmanager
    async def completion(
        self, result: BaseModel | None = None, *, budget: float | None = None
    ) -> AsyncIterator[AsyncSession]:
        """The last transaction: its effects, the result and the job's success are committed together, once."""
        async with transaction(self.database, self.tenant, budget=budget) as session:
            yield session
            await session.flush()
            shown = None if result is None else result.model_dump(mode="json")
            values = {**self._proof, "done": self.done, "total": self.total, "message": self.message}
            values |= {"outcome": "succeeded", "error": None}
            values["result"] = None if result is None else contents(result, "The job's result")
            if (await session.execute(END, values)).first() is None:
                raise LeaseLost
            if self.kind.visible:
                self.tell(session, self.notice("succeeded", result=shown))
        self.ended = True
        await self.spread(self.tenant, touched(session))

    @property
    def _proof(self) -> dict[str, Any]:
        return {"id": self.claimed.id, "fence": self.claimed.fence}

    def notice(
        self, state: str, *, result: dict[str, Any] | None = None, error: dict[str, Any] | None = None
    ) -> TaskNotice:
        """What is told of it now."""
        return TaskNotice(
            id=self.id,
            tenant=self.tenant,
            name=self.claimed.name,
            state=state,
            principal=self.principal,
            attempts=self.attempt,
            done=self.done,
            total=self.total,
            message=self.message,
            result=result,
            error=error,
        )
