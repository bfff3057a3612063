"""Which revisions the code expects and which the database has, without loading the migration tool."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from esteio.db.tenancy import Connection

_NAMES = ("revision", "down_revision", "depends_on")


@dataclass(frozen=True, slots=True)
class Revisions:
    """What the code knows: all revisions, and the newest of each branch on which nothing else builds."""

    known: frozenset[str]
    heads: frozenset[str]

    def behind(self, present: frozenset[str]) -> bool:
        """Whether a database at these revisions lacks a migration of this code.

        One that has a revision unknown here was migrated by a newer release, whose migrations keep this release
        running: it is not behind.
        """
        return not self.heads <= present and present <= self.known


def known_revisions(folders: Iterable[Path]) -> Revisions:
    """The revisions in the folders, read from the files without running them."""
    known: set[str] = set()
    followed: set[str] = set()
    for folder in folders:
        for file in sorted(folder.glob("*.py")):
            named = _assignments(file.read_text())
            if "revision" in named:
                known.add(named["revision"])
                followed.update(_listed(named.get("down_revision")), _listed(named.get("depends_on")))
    return Revisions(frozenset(known), frozenset(known - followed))


async def present_revisions(connection: Connection) -> frozenset[str]:
    """The revisions that the database stands at; empty before the first migration."""
    if await connection.fetchval("SELECT to_regclass('alembic_version')::text") is None:
        return frozenset()
    return frozenset(row["version_num"] for row in await connection.fetch("SELECT version_num FROM alembic_version"))


@cache
def _assignments(source: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign):
            targets: list[ast.expr] = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name) and target.id in _NAMES and node.value is not None:
                found[target.id] = ast.literal_eval(node.value)
    return found


def _listed(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)
