"""What the job of a capsule does to it: begins, completes, or has failed."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.crypto import Keyring
from esteio.db.transaction import touch
from esteio.services.capsules.allowances import charge
from esteio.services.capsules.contents import Entry, TreeFile, tree_of
from esteio.services.capsules.events import CAPSULE_COMPLETED
from esteio.services.capsules.generation import announce, failed
from esteio.services.capsules.holding import Actor, changed
from esteio.services.capsules.making import said_of, wish_of
from esteio.services.capsules.models import Capsule
from esteio.services.capsules.packs.wish import Wish
from esteio.services.capsules.settings import CapsulesSettings
from esteio.services.capsules.states import OPEN, Cause, Provider
from esteio.services.capsules.versions import Draft, add_version


@dataclass(frozen=True, slots=True)
class Made:
    """What the job has made. `note`: why what the model wrote was not taken."""

    files: list[TreeFile]
    provider: Provider
    cause: Cause
    note: str | None = None


async def begin(
    session: AsyncSession, capsule_id: UUID, *, job: UUID, actor: Actor, again: bool = False
) -> Wish | None:
    """What is to be made; `None` where nobody waits for this job any more: the capsule was deleted, or is done.

    again: the job was a dead letter and somebody has it tried once more; a capsule that had failed with it waits again
    then. Raises `QuotaExceeded` where there is no room for it any more.
    """
    capsule = await _of_job(session, capsule_id, job)
    if capsule is None:
        return None
    reopened = again and capsule.status == "failed"
    if capsule.status == "queued" or reopened:
        capsule.status, capsule.reason = "generating", None
        await changed(session, capsule, None, actor=actor)
        touch(session, "capsule")
    if capsule.status not in OPEN:
        return None
    wish = wish_of(said_of(capsule))
    await charge(session, capsules=reopened and capsule.current == 0, tenant=actor.tenant, now=actor.now)
    return wish


async def complete(
    session: AsyncSession,
    capsule_id: UUID,
    made: Made,
    *,
    job: UUID,
    actor: Actor,
    section: CapsulesSettings,
    keyring: Keyring,
) -> int | None:
    """The version's number, told; `None` as `begin` says. Raises as `add_version` does."""
    capsule = await _waiting(session, capsule_id, job)
    if capsule is None:
        return None
    kept = await _own_files(session, capsule)
    pack = wish_of(said_of(capsule)).choice.pack
    own = {entry.path for entry in kept}
    files = [file for file in made.files if file.path not in own]
    draft = Draft(files, kept, pack, made.provider, made.cause, made.note)
    number, size = await add_version(session, capsule, draft, actor=actor, section=section)
    capsule.status, capsule.reason = "completed", None
    await changed(session, capsule, None, actor=actor)
    await announce(session, capsule, CAPSULE_COMPLETED, actor=actor, keyring=keyring)
    await charge(session, storage=size, tenant=actor.tenant, now=actor.now)
    return number


async def fail(
    session: AsyncSession, capsule_id: UUID, reason: str, *, job: UUID, actor: Actor, keyring: Keyring
) -> bool:
    """It could not be made; `reason` is a code. What it had before stays. Whether it was still waited for."""
    capsule = await _waiting(session, capsule_id, job)
    if capsule is None:
        return False
    await failed(session, capsule, reason, actor=actor, keyring=keyring)
    return True


async def _waiting(session: AsyncSession, capsule_id: UUID, job: UUID) -> Capsule | None:
    capsule = await _of_job(session, capsule_id, job)
    return capsule if capsule is not None and capsule.status in OPEN else None


async def _of_job(session: AsyncSession, capsule_id: UUID, job: UUID) -> Capsule | None:
    query = select(Capsule).where(Capsule.id == capsule_id, Capsule.job_id == job, Capsule.deleted_at.is_(None))
    found: Capsule | None = await session.scalar(query.with_for_update())
    return found


async def _own_files(session: AsyncSession, capsule: Capsule) -> list[Entry]:
    """Files of the latest version that a person wrote: they stay in every version after it."""
    if capsule.current == 0:
        return []
    tree = await tree_of(session, capsule.id, capsule.current)
    return [entry for entry in tree.entries if entry.origin == "edit"]
