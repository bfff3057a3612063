"""Files of versions: written once and never changed, read by portions in the order of their paths."""

import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Uuid, any_, bindparam, delete, exists, select, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, insert
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.db.database import Database
from esteio.db.reading import Reading, reading
from esteio.services.capsules.models import CapsuleContent, CapsuleFile
from esteio.services.capsules.states import Origin

PORTION = 1_048_576
"""Bytes of contents that are read at once; one file may be as large by itself."""

_ROWS = 500
_TURNS = 3

_COLUMNS: tuple[Any, ...] = (
    CapsuleFile.path,
    CapsuleFile.sha256,
    CapsuleFile.size,
    CapsuleFile.executable,
    CapsuleFile.origin,
)
# Lists of thousands of files are written and read as they are: made into objects they would hold everybody up.
_WRITE = text("""
INSERT INTO capsule_files (tenant_id, capsule_id, number, path, sha256, size, executable, origin)
SELECT CAST(:tenant AS uuid), CAST(:capsule AS uuid), CAST(:number AS integer), f.*
FROM unnest(CAST(:paths AS text[]), CAST(:digests AS bytea[]), CAST(:sizes AS integer[]),
            CAST(:executables AS boolean[]), CAST(:origins AS text[])) AS f
""")


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file with its bytes."""

    path: str
    content: bytes
    executable: bool = False
    origin: Origin = "template"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as its version lists it."""

    path: str
    sha256: bytes
    size: int
    executable: bool
    origin: Origin


@dataclass(frozen=True, slots=True)
class Tree:
    """All files of a version. `digest` is alike for versions with the same files."""

    entries: tuple[Entry, ...]

    @property
    def size(self) -> int:
        return sum(entry.size for entry in self.entries)

    @property
    def digest(self) -> str:
        lines = (f"{int(entry.executable)} {entry.sha256.hex()} {entry.path}\n" for entry in self.entries)
        return hashlib.sha256("".join(lines).encode()).hexdigest()


async def keep_contents(
    session: AsyncSession, files: Sequence[TreeFile], *, tenant: UUID, now: datetime
) -> list[Entry]:
    """Put the bytes away, once for all that are alike, and hold them until the transaction ends."""
    by_digest = {hashlib.sha256(file.content).digest(): file for file in files}
    entries = [
        Entry(file.path, hashlib.sha256(file.content).digest(), len(file.content), file.executable, file.origin)
        for file in files
    ]
    for _ in range(_TURNS):
        missing = set(by_digest) - await hold_contents(session, by_digest)
        if not missing:
            return entries
        rows = [
            {"tenant_id": tenant, "sha256": digest, "content": by_digest[digest].content, "created_at": now}
            for digest in sorted(missing)
        ]
        for start in range(0, len(rows), _ROWS):
            await session.execute(insert(CapsuleContent).on_conflict_do_nothing(), rows[start : start + _ROWS])
    raise RuntimeError("contents were purged faster than they could be held")


async def hold_contents(session: AsyncSession, digests: Iterable[bytes]) -> set[bytes]:
    """Those of the contents that are there; nobody purges them before the transaction ends."""
    wanted = bindparam("wanted", sorted(digests), type_=ARRAY(BYTEA))
    held = select(CapsuleContent.sha256).where(CapsuleContent.sha256 == any_(wanted)).order_by(CapsuleContent.sha256)
    return set(await session.scalars(held.with_for_update(read=True, key_share=True)))


async def write_tree(session: AsyncSession, tree: Tree, *, tenant: UUID, capsule: UUID, number: int) -> None:
    """The list of a version's files, whose contents are held and whose version is there."""
    values = {
        "tenant": tenant,
        "capsule": capsule,
        "number": number,
        "paths": [entry.path for entry in tree.entries],
        "digests": [entry.sha256 for entry in tree.entries],
        "sizes": [entry.size for entry in tree.entries],
        "executables": [entry.executable for entry in tree.entries],
        "origins": [entry.origin for entry in tree.entries],
    }
    await session.execute(_WRITE, values)


async def tree_of(session: AsyncSession, capsule: UUID, number: int) -> Tree:
    """The list of a version's files."""
    here = (CapsuleFile.capsule_id == capsule, CapsuleFile.number == number)
    rows = await session.execute(select(*_COLUMNS).where(*here).order_by(CapsuleFile.path))
    return Tree(tuple(Entry(*row) for row in rows))


async def read_contents(database: Database, tenant: UUID, digests: Sequence[bytes]) -> dict[bytes, bytes]:
    """The bytes of these contents, of which there should be no more than a portion."""
    rows = await database.read(tenant, _contents(), list(digests))
    return {row["sha256"]: row["content"] for row in rows}


async def read_files(
    database: Database, tenant: UUID, entries: Sequence[Entry]
) -> AsyncIterator[tuple[Entry, bytes | None]]:
    """The files in the order given, each with its bytes, `None` where it was purged meanwhile; in constant memory."""
    for portion in _portions(entries):
        found = await read_contents(database, tenant, list({entry.sha256 for entry in portion}))
        for entry in portion:
            yield entry, found.get(entry.sha256)


async def entries_of(database: Database, tenant: UUID, capsule: UUID, number: int) -> list[Entry]:
    """The list of a version's files, read without a transaction of one's own; empty for a version that is not there."""
    values = {"capsule": capsule, "number": number}
    rows = await database.read(tenant, _entries(), *_entries().arguments(values))
    return [Entry(row["path"], row["sha256"], row["size"], row["executable"], row["origin"]) for row in rows]


async def drop_unused(session: AsyncSession, *, before: datetime, behind: bytes, most: int) -> bytes | None:
    """Look at a portion of the contents behind a digest, and drop those that no file has; the last that was looked at,
    `None` when there are no more. Those that somebody holds are passed over.
    """
    sha256 = CapsuleContent.sha256
    portion = list(await session.scalars(select(sha256).where(sha256 > behind).order_by(sha256).limit(most)))
    if not portion:
        return None
    used = exists().where(CapsuleFile.tenant_id == CapsuleContent.tenant_id, CapsuleFile.sha256 == sha256)
    unused = select(sha256).where(sha256 > behind, sha256 <= portion[-1], ~used, CapsuleContent.created_at < before)
    digests = list(await session.scalars(unused.with_for_update(skip_locked=True)))
    # Seen once more now that nobody else can give them a file.
    gone = delete(CapsuleContent).where(sha256.in_(digests), ~used)
    await session.execute(gone.execution_options(synchronize_session=False))
    return portion[-1]


def _portions(entries: Sequence[Entry]) -> Iterable[list[Entry]]:
    portion: list[Entry] = []
    size = 0
    for entry in entries:
        if portion and (size + entry.size > PORTION or len(portion) == _ROWS):
            yield portion
            portion, size = [], 0
        portion.append(entry)
        size += entry.size
    if portion:
        yield portion


@lru_cache
def _contents() -> Reading:
    wanted = bindparam("wanted", type_=ARRAY(BYTEA))
    return reading(select(CapsuleContent.sha256, CapsuleContent.content).where(CapsuleContent.sha256 == any_(wanted)))


@lru_cache
def _entries() -> Reading:
    here = (
        CapsuleFile.capsule_id == bindparam("capsule", type_=Uuid()),
        CapsuleFile.number == bindparam("number", type_=Integer()),
    )
    return reading(select(*_COLUMNS).where(*here).order_by(CapsuleFile.path))
