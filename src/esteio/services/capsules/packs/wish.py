"""What a capsule is asked to be, and the names that follow from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from esteio.services.capsules.packs import names
from esteio.services.capsules.packs.catalogue import Choice
from esteio.services.capsules.packs.words import cleaned, one_line, shortened

_SUMMARY = 160
_TITLE = 100


@dataclass(frozen=True)
class Wish:
    """A project as a person asks for it. The derived names are the same for the same words."""

    project_name: str
    description: str
    requirements: Sequence[str]
    constraints: Sequence[str]
    choice: Choice

    @cached_property
    def title(self) -> str:
        """The project's name on one line."""
        return shortened(one_line(self.project_name), _TITLE) or "Project"

    @cached_property
    def slug(self) -> str:
        """The name for directories, distributions, images: `orders-api`."""
        return names.slug(one_line(self.project_name))

    @cached_property
    def package(self) -> str:
        """The name for modules, an identifier in every language: `orders_api`."""
        return names.package(self.slug)

    @cached_property
    def summary(self) -> str:
        """The beginning of the description on one line of at most 160 characters."""
        return shortened(one_line(self.description), _SUMMARY) or self.title

    @cached_property
    def text(self) -> str:
        """The description without what cannot be seen; its lines are kept."""
        return cleaned(self.description) or self.title

    def points(self, which: Sequence[str]) -> list[str]:
        """Requirements or constraints, each on one line; empty ones are left out."""
        return [line for line in map(one_line, which) if line]
