"""Packs as they are declared in `data/<pack>/pack.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from esteio.services.capsules.packs.technology import DATA

SHARED = DATA / "shared"
LANGUAGES = DATA / "languages"


class BrokenPack(Exception):
    """A pack that does not keep to the layout: a fault of ours, never of who asked for a capsule."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Where the program of a pack answers HTTP: its port and the paths that tell whether it lives and is ready."""

    port: int
    live: str
    ready: str


@dataclass(frozen=True, slots=True)
class Domain:
    """Where code of a person's domain goes: `{name}` is the module's name, `__package__` the project's.

    A module there may import the standard library of its language and nothing else. `run` is how its tests are run.
    """

    module: str
    tests: str
    run: str


@dataclass(frozen=True, slots=True)
class Pack:
    """What a pack is, what it is made of, and which add-ons it takes.

    `technologies` are in every capsule of it; `rank` says which of several packs a stack means, the lowest first.
    `refused` has reasons for add-ons that it does not take.
    """

    name: str
    version: str
    title: str
    summary: str
    language: str
    rank: int
    technologies: tuple[str, ...]
    addons: frozenset[str]
    refused: Mapping[str, str]
    serves: Serving | None
    domain: Domain
    executable: frozenset[str]

    @property
    def folder(self) -> Path:
        return DATA / self.name


@lru_cache(maxsize=1)
def packs() -> tuple[Pack, ...]:
    """Every pack there is, by rank. Raises `BrokenPack`."""
    found = [_read(place) for place in sorted(DATA.glob("*/pack.toml"))]
    return tuple(sorted(found, key=lambda pack: (pack.rank, pack.name)))


def pack(name: str) -> Pack:
    """The pack of that name. Raises `KeyError`."""
    return {pack.name: pack for pack in packs()}[name]


def _read(place: Path) -> Pack:
    try:
        return _pack(place.parent.name, tomllib.loads(place.read_text(encoding="utf-8")))
    except (KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise BrokenPack(f"{place.parent.name}/pack.toml: {error!r}") from error


def _pack(folder: str, said: dict[str, Any]) -> Pack:
    if said["name"] != folder:
        raise BrokenPack(f"{folder}/pack.toml says that it is {said['name']}")
    return Pack(
        name=folder,
        version=said["version"],
        title=said["title"],
        summary=said["summary"],
        language=said["language"],
        rank=said["rank"],
        technologies=tuple(said["technologies"]),
        addons=frozenset(said["addons"]),
        refused=dict(said.get("refused", {})),
        serves=Serving(**said["serves"]) if "serves" in said else None,
        domain=Domain(**said["domain"]),
        executable=frozenset(said.get("executable", {}).get("files", ())),
    )
