"""Resolves the dependencies of the TypeScript packs anew: `python -m tests.capsules.packs.lock_node [pack …]`.

Each pack gets one template of a lock for all of its add-ons. What only an add-on brings stands under its condition.
Asks the registry that npm is set up for; the locks name none.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from jinja2 import Environment

from esteio.services.capsules.packs.catalogue import choice_of
from esteio.services.capsules.packs.pack import Pack, packs
from esteio.services.capsules.packs.rendering import generate
from esteio.services.capsules.packs.technology import DATA
from esteio.services.capsules.packs.wish import Wish
from tests.capsules.packs.toolchains import environment, nodes

ENGINES = ("postgresql", "redis")
SLUG = "locked-project"
RESOLVE = "npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved"

Addons = frozenset[str]
Lock = dict[str, Any]


def main(names: Sequence[str]) -> None:
    for pack in packs():
        if pack.language == "typescript" and (not names or pack.name in names):
            lock(pack)
            print(pack.name)


def lock(pack: Pack) -> None:
    taken = [name for name in ENGINES if name in pack.addons]
    choices = [frozenset(some) for size in range(len(taken), -1, -1) for some in combinations(taken, size)]
    with tempfile.TemporaryDirectory() as folder:
        found = {choices[0]: resolved(pack, choices[0], Path(folder))}
        for addons in choices[1:]:
            # The lock of everything stays in the folder: npm takes away what this choice is without.
            (Path(folder) / "package-lock.json").write_text(json.dumps(found[choices[0]]))
            found[addons] = resolved(pack, addons, Path(folder))
    text = template(found)
    form = Environment(trim_blocks=True)
    form.filters["json"] = json.dumps
    for addons, whole in found.items():
        assert (
            json.loads(form.from_string(text).render(slug=SLUG, **{name: name in addons for name in ENGINES})) == whole
        )
    (DATA / pack.name / "base" / "package-lock.json.j2").write_text(text)


def resolved(pack: Pack, addons: Addons, place: Path) -> Lock:
    files = {file.path: file.content for file in generate(Wish(SLUG, "lock", (), (), choice_of(pack, addons)))}
    (place / "package.json").write_bytes(files["package.json"])
    folder = nodes(place / ".node")[0]
    subprocess.run(RESOLVE.split(), cwd=place, env=environment(folder), check=True, timeout=600)
    found: Lock = json.loads((place / "package-lock.json").read_text())
    without = [name for name, entry in found["packages"].items() if name and "integrity" not in entry]
    assert not without, f"the registry did not say the digests of {without}"
    assert not any("resolved" in entry for entry in found["packages"].values())
    for entry in found["packages"].values():
        entry.pop("funding", None)  # addresses that nobody needs to install anything
    return found


def template(found: Mapping[Addons, Lock]) -> str:
    """One text that gives each choice its lock. Entries are in the order of the fullest lock, the root's first."""
    whole = max(found, key=len)
    names = list(found[whole]["packages"])
    assert all(set(lock["packages"]) <= set(names) for lock in found.values()), "an add-on takes something away"
    assert all(names[-1] in lock["packages"] for lock in found.values()), "the last entry, without a comma, is in each"
    entries = "".join(entry(name, found, last=name == names[-1]) for name in names)
    head = json.dumps({key: value for key, value in found[whole].items() if key != "packages"}, indent=2)
    text = head.removesuffix("\n}") + ',\n  "packages": {\n' + entries + "  }\n}\n"
    return text.replace(json.dumps(SLUG), "{{ slug | json }}")


def entry(name: str, found: Mapping[Addons, Lock], *, last: bool) -> str:
    """An entry of the lock, once for all choices that have it alike."""
    alike: dict[str, set[Addons]] = {}
    for addons, lock in found.items():
        if name in lock["packages"]:
            alike.setdefault(text_of(name, lock["packages"][name], last=last), set()).add(addons)
    return "".join(conditional(text, choices, set(found)) for text, choices in alike.items())


def text_of(name: str, content: Any, *, last: bool) -> str:
    lines = json.dumps({name: content}, indent=2, ensure_ascii=False).splitlines()[1:-1]
    return "\n".join(f"  {line}" for line in lines) + ("\n" if last else ",\n")


def conditional(text: str, choices: set[Addons], everything: set[Addons]) -> str:
    if choices == everything:
        return text
    return f"{{% if {condition(choices, everything)} %}}\n{text}{{% endif %}}\n"


def condition(choices: set[Addons], everything: set[Addons]) -> str:
    """The shortest words for these choices: one add-on where that says it all."""
    engines = [name for name in ENGINES if any(name in addons for addons in everything)]
    for name in engines:
        if choices == {addons for addons in everything if name in addons}:
            return name
    words = [" and ".join(name if name in addons else f"not {name}" for name in engines) for addons in choices]
    return " or ".join(sorted(words))


if __name__ == "__main__":
    main(sys.argv[1:])
