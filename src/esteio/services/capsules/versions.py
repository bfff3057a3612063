"""A new version of a held capsule: its files, and what it said then."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.services.capsules.contents import Entry, Tree, TreeFile, hold_contents, keep_contents, write_tree
from esteio.services.capsules.errors import CapsuleTooLarge, PathClash, TooManyVersions
from esteio.services.capsules.holding import Actor
from esteio.services.capsules.models import Capsule, CapsuleVersion
from esteio.services.capsules.packs.paths import UnsafePath, demand_apart
from esteio.services.capsules.settings import CapsulesSettings
from esteio.services.capsules.states import Cause, Provider

_SAID = ("project_name", "description", "tech_stack", "requirements", "constraints", "base")


@dataclass(frozen=True, slots=True)
class Draft:
    """What a version is to be made of: new files, and files of an earlier version that stay. New ones win.

    `pack` is the version of the pack. `note`: why what the model wrote was not taken.
    """

    files: Sequence[TreeFile]
    kept: Sequence[Entry]
    pack: str
    provider: Provider
    cause: Cause
    note: str | None = None


async def add_version(
    session: AsyncSession, capsule: Capsule, draft: Draft, *, actor: Actor, section: CapsulesSettings
) -> tuple[int, int]:
    """Write the version down and make it the capsule's latest: its number, and the bytes to be charged.

    Raises `TooManyVersions`, `CapsuleTooLarge` and `PathClash`.
    """
    await _demand_place(session, capsule, section)
    tree = await _tree(session, draft, actor)
    _demand_bounds(tree, section)
    number = capsule.current + 1
    said = {name: getattr(capsule, name) for name in _SAID}
    session.add(
        CapsuleVersion(
            capsule_id=capsule.id,
            number=number,
            tenant_id=actor.tenant,
            cause=draft.cause,
            pack=draft.pack,
            provider=draft.provider,
            note=draft.note,
            files=len(tree.entries),
            bytes=tree.size,
            tree=tree.digest,
            created_by=actor.who,
            created_at=actor.now,
            **said,
        )
    )
    await session.flush()
    await write_tree(session, tree, tenant=actor.tenant, capsule=capsule.id, number=number)
    capsule.current, capsule.files, capsule.bytes = number, len(tree.entries), capsule.bytes + tree.size
    return number, tree.size


def merged(new: Iterable[Entry], kept: Iterable[Entry]) -> Tree:
    """The files of both in the order of their paths; of two with one path, the first. A folder's name is no file's."""
    by_path = {entry.path: entry for entry in kept} | {entry.path: entry for entry in new}
    return Tree(tuple(by_path[path] for path in sorted(by_path)))


async def _tree(session: AsyncSession, draft: Draft, actor: Actor) -> Tree:
    new = await keep_contents(session, draft.files, tenant=actor.tenant, now=actor.now)
    if draft.kept:
        await hold_contents(session, {entry.sha256 for entry in draft.kept})
    return merged(new, draft.kept)


async def _demand_place(session: AsyncSession, capsule: Capsule, section: CapsulesSettings) -> None:
    count = select(func.count()).select_from(CapsuleVersion).where(CapsuleVersion.capsule_id == capsule.id)
    if capsule.current and (await session.scalar(count) or 0) >= section.versions:
        raise TooManyVersions(f"A capsule has at most {section.versions} versions: make a new capsule from this one.")


def _demand_bounds(tree: Tree, section: CapsulesSettings) -> None:
    large = [entry.path for entry in tree.entries if entry.size > section.largest_file]
    if large:
        raise CapsuleTooLarge(f"{large[0]} is larger than {section.largest_file} bytes.")
    if len(tree.entries) > section.most_files or tree.size > section.capsule_bytes:
        raise CapsuleTooLarge(
            f"A version has at most {section.most_files} files and {section.capsule_bytes} bytes; "
            f"this would have {len(tree.entries)} and {tree.size}."
        )
    try:
        demand_apart(entry.path for entry in tree.entries)
    except UnsafePath as error:
        raise PathClash(f"{error}: choose another path, or remove the other file.") from error
