"""What time does to capsules: jobs that ended without a word, deleted ones that are over, contents of none."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.crypto import Keyring
from esteio.jobs.enqueue import alive
from esteio.services.capsules import contents
from esteio.services.capsules.generation import failed
from esteio.services.capsules.holding import Actor
from esteio.services.capsules.models import Capsule, CapsuleFile
from esteio.services.capsules.settings import CapsulesSettings
from esteio.services.capsules.states import JOB_LOST, OPEN

PORTION = 20
FILES = 5_000
CONTENTS = 1_000
"""Rows of one transaction, which a slow disk too has done in the time that it has."""

NEVER_AGAIN = datetime(1970, 1, 1, tzinfo=UTC)
"""When a capsule was deleted that is being purged: longer ago than any setting lets one be restored."""

QUIET = timedelta(seconds=30)
"""A capsule that moved more recently is left alone."""

UNUSED = timedelta(hours=1)


async def waiting(session: AsyncSession, *, now: datetime, after: UUID | None) -> Sequence[UUID]:
    """A portion of those that a job should have in hand, in the order of their ids."""
    query = select(Capsule.id).where(Capsule.status.in_(OPEN), Capsule.updated_at < now - QUIET)
    if after is not None:
        query = query.where(Capsule.id > after)
    return list(await session.scalars(query.order_by(Capsule.id).limit(PORTION)))


async def mend(session: AsyncSession, capsule_id: UUID, *, actor: Actor, keyring: Keyring) -> bool:
    """Whether it waited for nothing: it has failed then, and is told so."""
    query = select(Capsule).where(Capsule.id == capsule_id, Capsule.deleted_at.is_(None)).with_for_update()
    capsule = await session.scalar(query)
    if capsule is None or capsule.status not in OPEN or capsule.updated_at >= actor.now - QUIET:
        return False
    if capsule.job_id is not None and await alive(session, [capsule.job_id]):
        return False
    await failed(session, capsule, JOB_LOST, actor=actor, keyring=keyring)
    return True


async def over(
    session: AsyncSession, *, now: datetime, section: CapsulesSettings, after: UUID | None
) -> Sequence[UUID]:
    """A portion of the deleted capsules that nobody can restore any more, in the order of their ids."""
    query = select(Capsule.id).where(Capsule.deleted_at < _limit(now, section))
    if after is not None:
        query = query.where(Capsule.id > after)
    return list(await session.scalars(query.order_by(Capsule.id).limit(PORTION)))


async def purge(session: AsyncSession, capsule_id: UUID, *, now: datetime, section: CapsulesSettings) -> bool:
    """A portion of such a capsule's files goes, with the last of them all that it had; whether more is to be done.

    Once begun it cannot be restored, whatever becomes of the settings.
    """
    query = select(Capsule).where(Capsule.id == capsule_id, Capsule.deleted_at < _limit(now, section))
    capsule = await session.scalar(query.with_for_update(skip_locked=True))
    if capsule is None:
        return False
    capsule.deleted_at = NEVER_AGAIN
    key = tuple_(CapsuleFile.capsule_id, CapsuleFile.number, CapsuleFile.path)
    portion = select(*key.clauses).where(CapsuleFile.capsule_id == capsule_id).limit(FILES)
    gone = await session.execute(delete(CapsuleFile).where(key.in_(portion)).returning(CapsuleFile.number))
    if len(gone.all()) == FILES:
        return True
    await session.flush()
    await session.execute(delete(Capsule).where(Capsule.id == capsule_id))
    return False


async def purge_contents(session: AsyncSession, *, now: datetime, behind: bytes) -> bytes | None:
    """Contents that no file has any more, a portion behind a digest; the digest to go on behind, `None` at the end."""
    return await contents.drop_unused(session, before=now - UNUSED, behind=behind, most=CONTENTS)


def _limit(now: datetime, section: CapsulesSettings) -> datetime:
    return now - timedelta(days=section.restorable_days)
