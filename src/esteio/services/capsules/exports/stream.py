"""The files of a version as the members of an archive, below a folder of the project's name."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from uuid import UUID

from esteio.base.errors import Internal
from esteio.db.database import Database
from esteio.services.capsules.contents import Entry, read_files
from esteio.services.capsules.exports.archives import Format, Member, archive
from esteio.services.capsules.packs.paths import demand_apart, demand_safe


def exported(
    database: Database, tenant: UUID, entries: Sequence[Entry], form: Format, *, folder: str
) -> AsyncGenerator[bytes, None]:
    """The archive's bytes, made as they are taken: whoever stops taking them stops the work.

    Raises `UnsafePath` for a version whose paths no archive should hold, whoever wrote them.
    """
    for entry in entries:
        demand_safe(entry.path)
    demand_apart(entry.path for entry in entries)
    return archive(form, _members(database, tenant, entries, folder))


async def _members(database: Database, tenant: UUID, entries: Sequence[Entry], folder: str) -> AsyncIterator[Member]:
    async for entry, content in read_files(database, tenant, entries):
        if content is None:
            raise Internal(operator=f"the content of {entry.path} was purged while it was exported")
        yield Member(f"{folder}/{entry.path}", content, entry.executable)
