"""From the technologies that a person names to one pack and its add-ons."""

from collections.abc import Sequence
from dataclasses import dataclass

from esteio.services.capsules.errors import StackConflict, UnknownTechnology
from esteio.services.capsules.packs.pack import Pack, pack, packs
from esteio.services.capsules.packs.technology import Technology, named, technologies, titles


@dataclass(frozen=True, slots=True)
class Choice:
    """One pack with add-ons. `technologies` are all that the capsule will have, whether they were named or not.

    `versions` has, by name and in order of names, the version of each technology that comes in several.
    """

    base: str
    addons: frozenset[str] = frozenset()
    technologies: tuple[str, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()

    @property
    def pack(self) -> str:
        """The pack with its version: `go-http 1.0.0`."""
        return f"{self.base} {pack(self.base).version}"


def choose(tech_stack: Sequence[str]) -> Choice:
    """The pack that has everything that was named. The order of names and repetitions make no difference.

    Raises `UnknownTechnology` for names that nobody knows, `StackConflict` where no pack has all of them.
    """
    asked = _understood(tech_stack)
    versions = _versions(asked)
    wanted = {technology.name: technology for technology, _ in asked}
    addons = frozenset(name for name, technology in wanted.items() if technology.addon)
    found = _fitting(sorted(wanted.keys() - addons), sorted(addons))
    return choice_of(found, addons, versions)


def choice_of(chosen: Pack, addons: frozenset[str] = frozenset(), versions: dict[str, str] | None = None) -> Choice:
    """A choice of this pack. Add-ons that it does not take are the caller's mistake."""
    assert addons <= chosen.addons, f"{chosen.name} does not take {sorted(addons - chosen.addons)}"
    names = (*chosen.technologies, *sorted(addons))
    usual = {name: technologies()[name].versions[0] for name in names if technologies()[name].versions}
    return Choice(chosen.name, addons, names, tuple(sorted((usual | (versions or {})).items())))


def known() -> list[str]:
    """The titles of what a stack may name, in order."""
    reachable = {name for pack in packs() for name in (*pack.technologies, *pack.addons)}
    return sorted((technologies()[name].title for name in reachable), key=str.casefold)


def _understood(tech_stack: Sequence[str]) -> list[tuple[Technology, str | None]]:
    found = [named(text) for text in tech_stack]
    reachable = set(known())
    unknown = [
        (at, text)
        for at, (text, entry) in enumerate(zip(tech_stack, found, strict=True))
        if entry is None or entry[0].title not in reachable
    ]
    if unknown:
        raise UnknownTechnology.of(unknown, known())
    return [entry for entry in found if entry is not None]


def _versions(asked: Sequence[tuple[Technology, str | None]]) -> dict[str, str]:
    """The versions that were written. Raises `StackConflict` for one that no pack is made with, or for two of one."""
    found: dict[str, str] = {}
    for technology, written in asked:
        if written is None:
            continue
        version = technology.version(written)
        if version is None:
            raise StackConflict.of(_no_version(technology, written))
        if found.setdefault(technology.name, version) != version:
            raise StackConflict.of(f"The stack names {technology.title} in two versions: leave one out.")
    return found


def _no_version(technology: Technology, written: str) -> str:
    if not technology.versions:
        return f"{technology.title} comes in one version only: leave {written} out."
    there = ", ".join(technology.versions)
    return f"{technology.title} {written} is not made here; there is {there}. Without a version you get the first."


def _fitting(named: Sequence[str], addons: Sequence[str]) -> Pack:
    if not named:
        raise StackConflict.of(f"The stack names no language or framework: add one of {_bases()}.")
    made_of = [pack for pack in packs() if set(named) <= set(pack.technologies)]
    if not made_of:
        raise StackConflict.of(_apart(named))
    taking = [pack for pack in made_of if set(addons) <= pack.addons]
    if not taking:
        raise StackConflict.of(_not_taken(made_of[0], addons))
    return taking[0]


def _apart(named: Sequence[str]) -> str:
    """Names the largest set of what was asked for that one pack has, and what has to go for it."""
    nearest = max(packs(), key=lambda pack: len(set(named) & set(pack.technologies)))
    rest = [name for name in named if name not in nearest.technologies]
    return (
        f"{titles(named)} do not go together: a capsule is one program. "
        f"For {nearest.title} leave out {titles(rest)}, and make another capsule for what remains."
    )


def _not_taken(pack: Pack, addons: Sequence[str]) -> str:
    rest = [name for name in addons if name not in pack.addons]
    reasons = " ".join(pack.refused[name] for name in rest if name in pack.refused)
    return f"{pack.title} does not take {titles(rest)}: leave it out or choose another base. {reasons}".strip()


def _bases() -> str:
    return ", ".join(sorted({technologies()[pack.technologies[0]].title for pack in packs()}, key=str.casefold))
