"""What a worker does to capsules, done step by step inside the served house, so that tests stand between the steps."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.clock import SystemClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import touched, transaction
from esteio.services.capsules.holding import Actor
from esteio.services.capsules.making import made
from esteio.services.capsules.packs.wish import Wish
from esteio.services.capsules.settings import CapsulesSettings
from esteio.services.capsules.use_cases import generating, sweeping
from esteio.services.capsules.use_cases.generating import Made
from tests.house import Served

T = TypeVar("T")
SECTION = CapsulesSettings()
STATES = "SELECT status, reason, current, job_id FROM capsules WHERE id = $1"


def actor(served: Served) -> Actor:
    return Actor("job:test", DEFAULT_TENANT, served.app.resources.clock or SystemClock())


def within(served: Served, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """The work in a transaction of the default tenant; what shows its things is old afterwards, as after a job's."""

    async def run() -> T:
        async with transaction(served.app.resources.database, DEFAULT_TENANT) as session:
            done = await work(session)
        # Committed by now.
        await served.app.api.state.house.freshness.spread(DEFAULT_TENANT, touched(session))
        return done

    return served.run(run)


def begin(served: Served, capsule: str, job: str, *, again: bool = False) -> Wish | None:
    return within(
        served,
        lambda session: generating.begin(session, UUID(capsule), job=UUID(job), actor=actor(served), again=again),
    )


def complete(served: Served, capsule: str, job: str, wish: Wish) -> int | None:
    async def work(session: AsyncSession) -> int | None:
        result = Made(await made(wish), "template", "created")
        keyring = served.app.resources.keyring
        return await generating.complete(
            session,
            UUID(capsule),
            result,
            job=UUID(job),
            actor=actor(served),
            section=SECTION,
            keyring=keyring,
        )

    return within(served, work)


def fail(served: Served, capsule: str, job: str, reason: str = "BROKEN") -> bool:
    keyring = served.app.resources.keyring
    return within(
        served,
        lambda session: generating.fail(
            session, UUID(capsule), reason, job=UUID(job), actor=actor(served), keyring=keyring
        ),
    )


def end_job(served: Served, job: str, outcome: str) -> None:
    """The job ends as a worker would have written it."""
    served.sql("DELETE FROM job_tickets WHERE job_id = $1", job)
    served.sql("UPDATE jobs SET outcome = $2, finished_at = now() WHERE id = $1", job, outcome)


def mend(served: Served, capsule: str) -> bool:
    keyring = served.app.resources.keyring
    return within(served, lambda session: sweeping.mend(session, UUID(capsule), actor=actor(served), keyring=keyring))


def purge(served: Served, capsule: str) -> None:
    now = served.app.resources.clock.now()
    while within(served, lambda session: sweeping.purge(session, UUID(capsule), now=now, section=SECTION)):
        pass
