"""Resolves the dependencies of the Python packs anew: `python -m tests.capsules.packs.lock [pack …]`.

Each pack gets one template of a lock for all of its add-ons. What only an add-on brings stands under its condition.
"""

import os
import re
import subprocess
import sys
import tempfile
from itertools import chain, combinations
from pathlib import Path

from esteio.services.capsules.packs.catalogue import choice_of
from esteio.services.capsules.packs.pack import Pack, packs
from esteio.services.capsules.packs.rendering import generate
from esteio.services.capsules.packs.technology import DATA
from esteio.services.capsules.packs.wish import Wish

ENGINES = ("postgresql", "redis")
COMPILE = (
    "uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate"
    " --no-emit-index-url --no-emit-find-links --no-emit-build-options pyproject.toml"
)
RESERVED = "# Distributions that Python packs depend on"
_BEGINS = re.compile(r"^(?=[a-z0-9])", re.MULTILINE)


def main(names: list[str]) -> None:
    for pack in packs():
        if pack.language == "python" and (not names or pack.name in names):
            lock(pack)
            print(pack.name)
    reserve()


def lock(pack: Pack) -> None:
    taken = [name for name in ENGINES if name in pack.addons]
    choices = [frozenset(some) for size in range(len(taken), -1, -1) for some in combinations(taken, size)]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for file, group in (("requirements.lock", ""), ("requirements-dev.lock", " --group dev -c runtime.lock")):
            found = {}
            for addons in choices:
                found[addons] = blocks(resolved(pack, addons, place, group))
                if addons == choices[0]:
                    (place / "whole.lock").write_text("".join(found[addons].values()))
            if not group:
                (place / "runtime.lock").write_text((place / "whole.lock").read_text())
            (place / "whole.lock").unlink()
            if text := template(found):
                (DATA / pack.name / "base" / f"{file}.j2").write_text(text)


def resolved(pack: Pack, addons: frozenset[str], place: Path, more: str) -> str:
    """The lock of one choice. The first one decides the versions of all."""
    wish = Wish("lock", "lock", (), (), choice_of(pack, addons))
    files = {file.path: file.content for file in generate(wish)}
    (place / "pyproject.toml").write_bytes(files["pyproject.toml"])
    if (place / "whole.lock").exists():
        more += " -c whole.lock"
    command = f"{Path(sys.executable).parent}/{COMPILE}{more}".split()
    return subprocess.run(command, cwd=place, check=True, capture_output=True, text=True, env=os.environ).stdout


def blocks(text: str) -> dict[str, str]:
    return {re.split(r"[=\s]", block)[0]: block for block in _BEGINS.split(text) if block}


def template(found: dict[frozenset[str], dict[str, str]]) -> str:
    """Every distribution once, as the choice of all add-ons has it, under the add-ons that bring it."""
    whole = next(iter(found.values()))
    lines = []
    for name, block in whole.items():
        bringing = [addons for addons, there in found.items() if name in there]
        least = [addons for addons in bringing if not any(other < addons for other in bringing)]
        condition = " or ".join(" and ".join(sorted(addons)) for addons in reversed(least))
        lines.append(f"{{% if {condition} %}}\n{block}{{% endif %}}\n" if condition else block)
    return "".join(lines)


def reserve() -> None:
    """No project is called what it depends on."""
    place = DATA / "reserved.txt"
    kept = place.read_text().partition(RESERVED)[0]
    locks = chain.from_iterable((DATA / pack.name / "base").glob("*.lock.j2") for pack in packs())
    names = {name for lock in locks for name in re.findall(r"^([a-z0-9.-]+)==", lock.read_text(), re.MULTILINE)}
    place.write_text(f"{kept}{RESERVED}\n" + "\n".join(sorted(names)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
