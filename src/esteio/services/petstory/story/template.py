"""The story that needs nobody: the customer's own words, among sentences of the house."""

import re
from collections.abc import Iterator
from itertools import chain, cycle
from zlib import crc32

from esteio.services.petstory.schemas import Style
from esteio.services.petstory.story.asked import PAGE_TEXT, TITLE, Story, StoryAsked
from esteio.services.petstory.story.days import written_day
from esteio.services.petstory.story.sentences import SENTENCES, Sentences

_ENDS = re.compile(r"(?<=[.!?…。！？])\s+|\n+")
_QUOTE = range(12, 201)
"""Characters of a sentence that is fit to stand under a picture."""
_EVERY = 3
"""One picture in so many has the customer's words under it, while there are words."""


def templated(asked: StoryAsked) -> Story:
    """The story from what was told and nothing else: the same for the same telling, in the order's language."""
    sentences = SENTENCES[asked.language]
    return Story(
        title=_named(sentences.title, _short(asked.pet_name)),
        paragraphs=(_beginning(asked, sentences), *_told(asked, sentences), *_ending(asked, sentences)),
        page_texts=page_texts(asked),
    )


def page_texts(asked: StoryAsked) -> tuple[str, ...]:
    """The words under each picture: the customer's own in turn with the house's, none twice before all were used."""
    sentences = SENTENCES[asked.language]
    houses = _Houses(sentences, asked.pet_name)
    own = iter(_quotable(asked.owner_words))
    texts: list[str] = []
    for place, style in enumerate(asked.styles):
        quoted = next(own, None) if place % _EVERY == 0 else None
        texts.append(_quoted(quoted, sentences) if quoted else _named(houses.next(style), asked.pet_name))
    return tuple(text if len(text) <= PAGE_TEXT else text[: PAGE_TEXT - 1] + "…" for text in texts)


class _Houses:
    """The house's sentences in an order that differs from name to name."""

    def __init__(self, sentences: Sentences, name: str) -> None:
        first = crc32(name.encode("utf-8", "replace"))
        shared = _turned(sentences.any_style, first)
        self._shared: Iterator[str] = iter(shared)
        self._styles = {
            style: chain(_turned(own, first), self._shared, cycle(_turned(own, first) + shared))
            for style, own in sentences.styles.items()
        }

    def next(self, style: Style) -> str:
        return next(self._styles[style])


def _turned(sentences: tuple[str, ...], by: int) -> tuple[str, ...]:
    first = by % len(sentences)
    return sentences[first:] + sentences[:first]


def _beginning(asked: StoryAsked, sentences: Sentences) -> str:
    facts = ", ".join(fact.strip() for fact in (asked.species, asked.breed) if fact and fact.strip())
    parts = [_named(sentences.opening, asked.pet_name)]
    if facts:
        parts.append(_named(sentences.about, asked.pet_name, facts=facts))
    if asked.born:
        parts.append(_named(sentences.born, asked.pet_name, born=written_day(asked.born, asked.language)))
    return " ".join(parts)


def _told(asked: StoryAsked, sentences: Sentences) -> Iterator[str]:
    words = [line.strip() for line in asked.owner_words.splitlines() if line.strip()]
    if not words:
        yield _named(sentences.untold, asked.pet_name)
        return
    yield _named(sentences.telling, asked.pet_name)
    yield from (_quoted(line, sentences) for line in words)


def _ending(asked: StoryAsked, sentences: Sentences) -> Iterator[str]:
    if asked.styles:
        words = sentences.one_picture if len(asked.styles) == 1 else sentences.pictures
        yield _named(words, asked.pet_name, count=str(len(asked.styles)))


def _quotable(words: str) -> list[str]:
    """Those of the customer's sentences that are neither too short nor too long for a page, each once."""
    found = (sentence.strip() for sentence in _ENDS.split(words))
    return list(dict.fromkeys(sentence for sentence in found if len(sentence) in _QUOTE))


def _quoted(words: str, sentences: Sentences) -> str:
    return words.strip(' "“”«»').join(sentences.marks)


def _named(sentence: str, name: str, **values: str) -> str:
    """The sentence with what people wrote in it, put in once: what they wrote is never looked at for braces."""
    known = {"name": name.strip(), **values}
    return re.sub(r"\{(\w+)\}", lambda gap: known[gap[1]], sentence)


def _short(name: str) -> str:
    most = TITLE - 30
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"
