"""What a book is made of."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from esteio.services.petstory.schemas import Language, Style
from esteio.services.petstory.story.asked import Story


@dataclass(frozen=True, slots=True)
class Picture:
    """One art and the words under it."""

    path: Path
    style: Style
    text: str


@dataclass(frozen=True, slots=True)
class BookContent:
    """All texts are whatever people wrote: they are shown as they are, never interpreted.

    All paths are JPEG or PNG files below one working folder; what needs printing at 300 dpi and no more is made by
    `pictures.fitted`. `stickers` may be fewer than nine, which repeat, or more, of which nine are chosen evenly.
    The same content makes the same bytes: `made_on` is the document's date.
    """

    pet_name: str
    species: str | None
    breed: str | None
    born: date | None
    owner_words: str
    story: Story
    language: Language
    cover: Path
    arts: tuple[Picture, ...]
    stickers: tuple[Path, ...]
    tribute_url: str
    made_on: date
    order_number: str
