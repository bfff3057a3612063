"""What of a version is looked at: which files, and what follows from their list alone."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from esteio.db.database import Database
from esteio.services.capsules.contents import Entry, read_contents, read_files
from esteio.services.capsules.inspection.inspectors import Inspectors
from esteio.services.capsules.inspection.order import Pair
from esteio.services.capsules.packs.paths import UnsafePath, demand_apart, demand_safe

LARGEST_LOOKED_AT = 131_072
"""Bytes of a file that is parsed or compared: Python's parser takes a thousand times as much at worst."""

MOST_LOOKED_AT = 32 * 1_048_576
"""Bytes of all files that one request has looked at."""

Change = Literal["added", "removed", "changed", "mode"]
_MANIFESTS = ("pyproject.toml", "package.json", "go.mod")


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that two versions do not have alike."""

    path: str
    change: Change
    before: Entry | None
    after: Entry | None


def differences(before: Iterable[Entry], after: Iterable[Entry]) -> list[Difference]:
    """The files in which the versions differ, in the order of their paths."""
    old, new = {entry.path: entry for entry in before}, {entry.path: entry for entry in after}
    found = []
    for path in sorted(old.keys() | new.keys()):
        change = _change(old.get(path), new.get(path))
        if change is not None:
            found.append(Difference(path, change, old.get(path), new.get(path)))
    return found


async def compared(
    inspectors: Inspectors, database: Database, tenant: UUID, found: Sequence[Difference]
) -> list[dict[str, Any]]:
    """Each difference with its lines where they can be shown. Raises `TimedOut` and `Unavailable`."""
    looked_at = {one.path for one in _within(found)}
    pairs = _pairs(database, tenant, [one for one in found if one.path in looked_at])
    lines = {one["path"]: one for one in await inspectors.compare(pairs)} if looked_at else {}
    return [{**_said(one), **lines.get(one.path, _UNSEEN if one.change != "mode" else _SAME)} for one in found]


async def checked(inspectors: Inspectors, database: Database, tenant: UUID, entries: Sequence[Entry]) -> dict[str, Any]:
    """The report of a version: whether it is sound, and what is wrong with it. Raises as `compared` does."""
    checks = [_paths_are_safe(entries), *_has_what_a_project_has(entries)]
    small = _portion(entries)
    found = await inspectors.check(_files(database, tenant, small))
    checks.append(_check("syntax", not found["problems"], "every file is what its name says"))
    return {
        "valid": all(check["passed"] for check in checks),
        "files": len(entries),
        "parsed": found["parsed"],
        "not_looked_at": len(entries) - len(small),
        "checks": checks,
        "problems": found["problems"],
        "more_problems": found["more_problems"],
    }


_UNSEEN = {"diff": None, "added": None, "removed": None, "omitted": "too_large"}
_SAME = {"diff": "", "added": 0, "removed": 0, "omitted": None}


def _change(old: Entry | None, new: Entry | None) -> Change | None:
    if old is None or new is None:
        return "added" if old is None else "removed"
    if old.sha256 != new.sha256:
        return "changed"
    return "mode" if old.executable != new.executable else None


def _said(one: Difference) -> dict[str, Any]:
    return {
        "path": one.path,
        "change": one.change,
        "size_before": one.before.size if one.before else None,
        "size_after": one.after.size if one.after else None,
    }


def _within(found: Iterable[Difference]) -> list[Difference]:
    """Those that are small enough, as long as all together are."""
    kept, size = [], 0
    for one in found:
        sizes = [entry.size for entry in (one.before, one.after) if entry is not None]
        if one.change != "mode" and max(sizes) <= LARGEST_LOOKED_AT and size + sum(sizes) <= MOST_LOOKED_AT:
            kept.append(one)
            size += sum(sizes)
    return kept


def _portion(entries: Iterable[Entry]) -> list[Entry]:
    kept, size = [], 0
    for entry in entries:
        if entry.size <= LARGEST_LOOKED_AT and size + entry.size <= MOST_LOOKED_AT:
            kept.append(entry)
            size += entry.size
    return kept


async def _pairs(database: Database, tenant: UUID, found: Sequence[Difference]) -> AsyncIterator[Pair]:
    for one in found:
        digests = [entry.sha256 for entry in (one.before, one.after) if entry is not None]
        contents = await read_contents(database, tenant, digests)
        before = contents.get(one.before.sha256, b"") if one.before else None
        yield Pair(one.path, before, contents.get(one.after.sha256, b"") if one.after else None)


async def _files(database: Database, tenant: UUID, entries: Sequence[Entry]) -> AsyncIterator[Pair]:
    async for entry, content in read_files(database, tenant, entries):
        yield Pair(entry.path, None, content or b"")


def _paths_are_safe(entries: Sequence[Entry]) -> dict[str, Any]:
    try:
        for entry in entries:
            demand_safe(entry.path)
        demand_apart(entry.path for entry in entries)
    except UnsafePath as error:
        return _check("paths", False, str(error))
    return _check("paths", True, "every path can be kept by every system")


def _has_what_a_project_has(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    paths = {entry.path for entry in entries}
    return [
        _check("manifest", not paths.isdisjoint(_MANIFESTS), f"a manifest of dependencies: {', '.join(_MANIFESTS)}"),
        _check("readme", "README.md" in paths, "README.md"),
        _check("container", "Dockerfile" in paths, "Dockerfile"),
        _check("ci", "ci.sh" in paths, "ci.sh"),
        _check("tests", any(map(_is_test, paths)), "tests"),
    ]


def _is_test(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith("test_") or "_test." in name or ".test." in name or path.startswith(("tests/", "test/"))


def _check(name: str, passed: bool, words: str) -> dict[str, Any]:
    return {"name": name, "passed": passed, "message": words}
