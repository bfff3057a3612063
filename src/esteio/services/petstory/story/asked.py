"""What a story is asked with, and what a story is."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from esteio.services.petstory.schemas import Language, Style

TITLE = 120
"""Characters of a title, at most."""
PARAGRAPH = 1_200
"""Characters of a paragraph that somebody else's model wrote, at most."""
PARAGRAPHS = 8
"""Paragraphs that somebody else's model wrote, at most."""
PAGE_TEXT = 400
"""Characters of the words under one picture, at most."""


@dataclass(frozen=True, slots=True)
class StoryAsked:
    """What the customer said of the pet, and the style of each picture in the order of the pages."""

    pet_name: str
    species: str | None
    breed: str | None
    born: date | None
    owner_words: str
    language: Language
    styles: tuple[Style, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """`page_texts` has one text for each picture that was asked for, in their order."""

    title: str
    paragraphs: tuple[str, ...]
    page_texts: tuple[str, ...]


class StoryUnavailable(Exception):
    """No story came from the model. `retry_after` is in seconds, where the other side named a time.

    A paid book never waits for it: the caller takes the house's own story.
    """

    def __init__(
        self, reason: Literal["off", "refused", "nonsense", "limited", "failed"], retry_after: float | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
