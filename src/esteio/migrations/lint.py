"""Whether revisions keep the release before them running, judged by the SQL that they execute.

A revision expands: it adds, and takes nothing away that the release before it uses, nor locks a table for long. One
that takes away says since which release nobody uses the thing, as `unused_since = "2.3.0"` beside its `revision`: it
contracts, and may drop.
"""

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from esteio.migrations.rules import RULES, made_by, target
from esteio.migrations.runner import VERSIONS
from esteio.migrations.text import statements

UNUSED_SINCE = "unused_since"
_REVISION = re.compile(r"^-- Running upgrade .*-> (\S+)$")
_RELEASE = re.compile(r"\d+\.\d+\.\d+")


@dataclass
class Judged:
    """A revision, its statements, and the release since which what it drops is not used."""

    name: str
    statements: list[str] = field(default_factory=list)
    unused_since: str | None = None


def faults(folders: Sequence[Path] = (), *, founding: Collection[str] = ()) -> list[str]:
    """A sentence for each statement that would hurt a running deployment; none where all is well.

    `folders` are those of services, the platform's are judged with them. `founding` are the revisions that the first
    release was made with: no release ran before them, so that among themselves they may do anything.
    """
    found = []
    old: set[str] = set()
    for revision in _judged(folders):
        fresh = {table for statement in revision.statements if (table := made_by(statement))}
        if revision.name not in founding:
            found += [f"{revision.name}: {sentence}" for sentence in _sentences(revision, old, fresh)]
        old |= fresh
    return found


def _sentences(revision: Judged, old: Collection[str], fresh: Collection[str]) -> Iterator[str]:
    if revision.unused_since is not None and not _RELEASE.fullmatch(revision.unused_since):
        yield f"{UNUSED_SINCE} names a release, such as 2.3.0"
    contracts = revision.unused_since is not None
    said = " ".join(revision.statements).lower()
    for statement in revision.statements:
        table = target(statement)
        if table in fresh or (table is not None and table not in old):
            continue
        for rule in RULES:
            if rule.meets(statement, said) and not (contracts and rule.contracting):
                yield f"{rule.words}: {' '.join(statement.split())[:120]}"


def _judged(folders: Sequence[Path]) -> list[Judged]:
    """All revisions in the order in which they are applied."""
    marks = _marks((VERSIONS, *folders))
    found: list[Judged] = []
    text: list[str] = []
    for line in statements("esteio_runtime", (), folders).splitlines():
        named = _REVISION.match(line)
        if named:
            found.append(Judged(named[1], unused_since=marks.get(named[1])))
            text = []
        elif found:
            text.append(line)
            found[-1].statements = split("\n".join(text))
    return found


def _marks(folders: Sequence[Path]) -> Mapping[str, str]:
    """Revision → what its file says in `unused_since`, read without running it."""
    found = {}
    for file in (file for folder in folders for file in folder.glob("*.py")):
        named = {
            target.id: ast.literal_eval(node.value)
            for node in ast.parse(file.read_text()).body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        if UNUSED_SINCE in named:
            found[str(named.get("revision"))] = str(named[UNUSED_SINCE])
    return found


_QUOTED = re.compile(r"\$(\w*)\$.*?\$\1\$|'(?:[^']|'')*'|--[^\n]*|;", re.DOTALL)


def split(text: str) -> list[str]:
    """The statements of a text, cut at semicolons that are neither quoted nor in a body between dollars."""
    found, begin = [], 0
    for match in _QUOTED.finditer(text):
        if match[0] == ";":
            found.append(text[begin : match.start()].strip())
            begin = match.end()
    return [statement for statement in (*found, text[begin:].strip()) if statement]
