"""The rows of files: written with what they belong to, read by whoever has a link."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Uuid, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import NotFound
from esteio.base.ids import new_id
from esteio.db.database import Database
from esteio.db.reading import Reading, reading
from esteio.files.store import Written
from esteio.files.tables import StoredFile


class FileRef(BaseModel):
    """A file as a task's result names it; its link is made anew each time that the result is shown."""

    file_id: UUID
    name: str
    media_type: str
    bytes: int
    sha256: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that can be fetched."""

    name: str
    media_type: str
    size: int
    sha256: str
    key: str
    expires_at: datetime
    deleted_at: datetime | None


def new_key(tenant: UUID) -> str:
    """Where a new object goes. No two writers ever share one, so that none can touch what another has written."""
    return f"{tenant}/{new_id()}"


def reference(written: Written, *, name: str, media_type: str, now: datetime, days: int) -> FileRef:
    """The file that the object will be."""
    return FileRef(
        file_id=new_id(),
        name=name,
        media_type=media_type,
        bytes=written.size,
        sha256=written.sha256,
        expires_at=now + timedelta(days=days),
    )


def keep(
    session: AsyncSession, reference: FileRef, written: Written, *, tenant: UUID, principal: str, now: datetime
) -> None:
    """Write the file's row: from the commit on it is there."""
    session.add(
        StoredFile(
            id=reference.file_id,
            tenant_id=tenant,
            name=reference.name,
            media_type=reference.media_type,
            size=written.size,
            sha256=written.sha256,
            key=written.key,
            created_by=principal,
            created_at=now,
            expires_at=reference.expires_at,
            deleted_at=None,
        )
    )


async def revoke(session: AsyncSession, ids: Iterable[UUID]) -> None:
    """From the commit on nobody gets these files, whatever links are about; the purge removes them."""
    gone = update(StoredFile).where(StoredFile.id.in_(list(ids)), StoredFile.deleted_at.is_(None))
    await session.execute(gone.values(deleted_at=func.now()))


async def keep_until(session: AsyncSession, ids: Iterable[UUID], when: datetime) -> None:
    """These files are kept until then, longer or shorter than before. One that was revoked stays so.

    A link that was given out before ends when it said, or with its file if that is sooner.
    """
    kept = update(StoredFile).where(StoredFile.id.in_(list(ids)), StoredFile.deleted_at.is_(None))
    await session.execute(kept.values(expires_at=when))


@lru_cache
def _one() -> Reading:
    columns = (
        StoredFile.name,
        StoredFile.media_type,
        StoredFile.size,
        StoredFile.sha256,
        StoredFile.key,
        StoredFile.expires_at,
        StoredFile.deleted_at,
    )
    return reading(select(*columns).where(StoredFile.id == bindparam("id", type_=Uuid())))


async def find(database: Database, tenant: UUID, file: UUID) -> FoundFile:
    """The row of the file, also of one that is over. Raises `NotFound`."""
    rows = await database.read(tenant, _one(), file)
    if not rows:
        raise NotFound
    return FoundFile(*rows[0])
