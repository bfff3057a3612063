"""From what a capsule says to the files of a pack."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from esteio.base.errors import Unavailable
from esteio.services.capsules.contents import TreeFile
from esteio.services.capsules.models import Capsule
from esteio.services.capsules.packs.catalogue import Choice, choose
from esteio.services.capsules.packs.rendering import generate
from esteio.services.capsules.packs.wish import Wish


@dataclass(frozen=True, slots=True)
class Said:
    """What the files of a capsule are made from."""

    project_name: str
    description: str
    tech_stack: Sequence[str]
    requirements: Sequence[str]
    constraints: Sequence[str]


def chosen(tech_stack: Sequence[str]) -> Choice:
    """The pack and its add-ons. Raises `UnknownTechnology` and `StackConflict`."""
    return choose(tech_stack)


def said_of(capsule: Capsule) -> Said:
    """What the capsule says now."""
    return Said(
        capsule.project_name, capsule.description, capsule.tech_stack, capsule.requirements, capsule.constraints
    )


def wish_of(said: Said) -> Wish:
    """What the pack is asked for. Raises as `chosen` does."""
    return Wish(
        project_name=said.project_name,
        description=said.description,
        requirements=tuple(said.requirements),
        constraints=tuple(said.constraints),
        choice=choose(said.tech_stack),
    )


async def made(wish: Wish) -> list[TreeFile]:
    """The files, the same for the same wish. In a thread: they take some milliseconds of computing.

    Raises `Unavailable` where what makes them was not installed.
    """
    try:
        files = await asyncio.to_thread(generate, wish)
    except ModuleNotFoundError as error:
        raise Unavailable("This deployment makes no capsules.", operator=f"esteio[capsules]: {error}") from error
    return [TreeFile(file.path, file.content, file.executable) for file in files]
