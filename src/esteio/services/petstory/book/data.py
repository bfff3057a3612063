"""A book's content as the data that the templates read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from esteio.services.petstory.book.content import BookContent, Picture
from esteio.services.petstory.book.texts import cut, on_one_line, paragraphs
from esteio.services.petstory.book.words import STYLE_WORDS, WORDS
from esteio.services.petstory.story.days import written_day

_NAME = 300
_FACT = 200
_UNDER_PICTURE = 1_000
_STICKERS = 9
_QUOTING = "“”«»"


def book_data(content: BookContent, folder: Path) -> dict[str, Any]:
    """What the templates read, in JSON's types. Raises ValueError where a picture is not below the folder."""
    words = WORDS[content.language]
    return {
        "language": content.language.partition("-")[0],
        "region": content.language.partition("-")[2] or None,
        "words": dict(words),
        "name": on_one_line(content.pet_name, _NAME) or words["nameless"],
        "title": on_one_line(content.story.title, _NAME),
        "facts": _facts(content),
        "story": [_part(part) for paragraph in content.story.paragraphs for part in paragraphs(paragraph)],
        "quoted": _quoted(content),
        "cover": _inside(content.cover, folder),
        "arts": [_art(art, content, folder) for art in content.arts],
        "stickers": [_inside(path, folder) for path in nine(content.stickers or (content.cover,))],
        "address": content.tribute_url,
        "made": written_day(content.made_on, content.language),
        "order": on_one_line(content.order_number, 64),
    }


def nine(pictures: Sequence[Path]) -> list[Path]:
    """Nine pictures: all in turn where there are fewer, else nine spread evenly."""
    if len(pictures) <= _STICKERS:
        return [pictures[place % len(pictures)] for place in range(_STICKERS)]
    return [pictures[place * len(pictures) // _STICKERS] for place in range(_STICKERS)]


def _facts(content: BookContent) -> list[dict[str, str]]:
    words = WORDS[content.language]
    facts = {
        "species": content.species or "",
        "breed": content.breed or "",
        "born": written_day(content.born, content.language) if content.born else "",
    }
    told = ((words[name], on_one_line(fact, _FACT)) for name, fact in facts.items())
    return [{"label": label, "fact": fact} for label, fact in told if fact]


def _part(paragraph: str) -> dict[str, Any]:
    return {"text": paragraph, "quoted": paragraph[0] in _QUOTING and paragraph[-1] in _QUOTING}


def _quoted(content: BookContent) -> list[str]:
    """The customer's words, where the story does not have them already."""
    told = {part for paragraph in content.story.paragraphs for part in paragraphs(paragraph)}
    words = paragraphs(content.owner_words)
    return [] if all(any(word.strip(_QUOTING + ' "') in part for part in told) for word in words) else words


def _art(art: Picture, content: BookContent, folder: Path) -> dict[str, str]:
    text = cut(" ".join(paragraphs(art.text)), _UNDER_PICTURE)
    return {"path": _inside(art.path, folder), "style": STYLE_WORDS[content.language][art.style], "text": text}


def _inside(path: Path, folder: Path) -> str:
    """The path as Typst names it below its root."""
    return "/" + path.resolve().relative_to(folder.resolve()).as_posix()
