"""Books to make in tests: self-made pictures, and the content around them."""

import asyncio
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from esteio.services.petstory.book.content import BookContent, Picture
from esteio.services.petstory.book.making import make_book
from esteio.services.petstory.schemas import STYLES, Language
from esteio.services.petstory.story.asked import StoryAsked
from esteio.services.petstory.story.template import templated

ADDRESS = "https://petstory.example/api/v2/petstory/tributes/eyJhbGciOiJIUzI1NiJ9.e30.Xb9-_4dT7w"
WORDS = "Corre atrás de borboletas no quintal. Dorme de barriga para cima e sonha com passarinhos."


def picture(number: int, size: tuple[int, int] = (640, 480), grain: int = 40) -> bytes:
    """A JPEG of coloured clouds that is no other number's; the finer the grain, the more bytes it needs."""
    across, down = (max(2, edge // grain) for edge in size)
    colours = np.random.default_rng(number).integers(0, 256, (down, across, 3), dtype=np.uint8)
    made = BytesIO()
    Image.fromarray(colours).resize(size, Image.Resampling.BICUBIC).save(made, "JPEG", quality=85)
    return made.getvalue()


def content(
    folder: Path, arts: int = 3, *, name: str = "Mel", language: Language = "pt-BR", words: str = WORDS, **other: Any
) -> BookContent:
    """A book of so many arts, whose pictures are written into the folder unless they are there."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{number}.jpg" for number in range(arts + 1)]
    for number, path in enumerate(paths):
        if not path.exists():
            path.write_bytes(picture(number, (640, 480) if number % 2 else (480, 640)))
    styles = tuple(STYLES[number % len(STYLES)] for number in range(arts))
    told = templated(StoryAsked(name, "gato", "siamês", date(2019, 5, 3), words, language, styles))
    pages = tuple(map(Picture, paths[1:], styles, told.page_texts))
    book = BookContent(
        *(name, "gato", "siamês", date(2019, 5, 3), words, told, language, paths[0], pages, tuple(paths[1:])),
        tribute_url=ADDRESS,
        made_on=date(2026, 3, 9),
        order_number="PS-1042",
    )
    return replace(book, **other)


def made(book: BookContent, *, within: float = 60.0) -> Path:
    """The book's PDF, made in the folder of its cover."""
    return asyncio.run(make_book(book, book.cover.parent, within=within))
