"""Technologies by the names that people give them, and their versions."""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
_VERSIONED = re.compile(r"(?P<name>.*?[^\s\d.])[\s@:=-]*\bv?(?P<version>\d+(?:\.\d+){0,2})(?:\.x|\+)?")
_TRAILING = re.compile(r"(?P<name>.*?[A-Za-z])(?P<version>\d+(?:\.\d+){0,2})")
_LETTERS = re.compile(r"[^a-z0-9+#]")


@dataclass(frozen=True, slots=True)
class Technology:
    """One that packs are made of. `versions` are those that packs can be made with, the usual one first."""

    name: str
    title: str
    versions: tuple[str, ...] = ()
    addon: bool = False

    def version(self, asked: str) -> str | None:
        """The version that an asked one stands for (`16.3` and `16` for 16, `5` for 5.2); None where there is none."""
        return next((known for known in self.versions if _begins(known, asked) or _begins(asked, known)), None)


def folded(name: str) -> str:
    """What a name is looked up by: case, spaces and dots make no difference (`Node.js`, `node js`, `NODEJS`)."""
    return _LETTERS.sub("", unicodedata.normalize("NFKC", name).casefold())


def named(text: str) -> tuple[Technology, str | None] | None:
    """The technology that a person means, with the version that was written behind it; None for an unknown one."""
    known = _by_name()
    if found := known.get(folded(text)):
        return found, None
    for form in (_VERSIONED, _TRAILING):
        parts = form.fullmatch(text.strip())
        if parts and (found := known.get(folded(parts["name"]))):
            return found, parts["version"]
    return None


@lru_cache(maxsize=1)
def technologies() -> dict[str, Technology]:
    """All of them by name, as `data/technologies.toml` has them."""
    return {name: _read(name, entry) for name, entry in _entries().items()}


def titles(names: Sequence[str]) -> str:
    """Names as a person reads them: `Flask, Django`."""
    return ", ".join(technologies()[name].title for name in names)


def _read(name: str, entry: dict[str, object]) -> Technology:
    versions = entry.get("versions", [])
    assert isinstance(versions, list)
    return Technology(name, str(entry["title"]), tuple(versions), bool(entry.get("addon")))


@lru_cache(maxsize=1)
def _entries() -> dict[str, dict[str, object]]:
    return tomllib.loads((DATA / "technologies.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Technology]:
    found: dict[str, Technology] = {}
    for name, entry in _entries().items():
        aliases = entry.get("aliases", [])
        assert isinstance(aliases, list)
        for word in (name, str(entry["title"]), *aliases):
            other = found.setdefault(folded(word), technologies()[name])
            assert other.name == name, f"{word} is the name of {other.name} and of {name}"
    return found


def _begins(longer: str, shorter: str) -> bool:
    return f"{longer}.".startswith(f"{shorter}.")
