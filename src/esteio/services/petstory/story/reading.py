"""Reading what a model wrote: JSON as it was asked for, or plain paragraphs, bounded, in the right language."""

import json
import re
from collections.abc import Mapping
from itertools import zip_longest

from esteio.services.petstory.schemas import Language
from esteio.services.petstory.story.asked import (
    PAGE_TEXT,
    PARAGRAPH,
    PARAGRAPHS,
    TITLE,
    Story,
    StoryAsked,
    StoryUnavailable,
)
from esteio.services.petstory.story.template import page_texts, templated

_ANSWER = 40_000
"""Characters of an answer that is looked at."""
_LEAST = 40
"""Characters of a story that is one."""
_JUDGED = 12
"""Words from which on the language can be told."""
_FENCE = re.compile(r"\A```\w*\n(.*)\n```\Z", re.DOTALL)
_MARKUP = re.compile(r"^[#>*\-\s]+|[*_`]{2,}|[*_`#\s]+$")
_ADDRESS = re.compile(r"https?://|www\.", re.IGNORECASE)

_COMMON: Mapping[Language, str] = {
    "pt-BR": "o a os as um uma e é de do da dos das em no na com que não para por ao seu sua mais",
    "en": "the a an and is of to in on with that not for by at it its his her their every",
    "es": "el la los las un una y es de del en con que no para por al su sus más lo se",
}


def read(answer: str, asked: StoryAsked) -> Story:
    """The story in it; what lacks is the house's own. Raises StoryUnavailable where it is none."""
    title, told, under = _parts(_FENCE.sub(r"\1", answer[:_ANSWER].strip()))
    paragraphs = tuple(found for text in told[:PARAGRAPHS] if (found := _text(text, PARAGRAPH)))
    everything = " ".join(paragraphs)
    if len(everything) < _LEAST or _ADDRESS.search(everything) or not _is_about(asked, everything):
        raise StoryUnavailable("nonsense")
    return Story(
        title=_text(title, TITLE) or templated(asked).title,
        paragraphs=paragraphs,
        page_texts=_under_pictures(under, asked),
    )


def _is_about(asked: StoryAsked, text: str) -> bool:
    """Whether it is likely the story that was asked for, and not a question or an excuse."""
    name = asked.pet_name.split() or [""]
    return name[0].casefold() in text.casefold() and is_in(asked.language, text)


def is_in(language: Language, text: str) -> bool:
    """Whether the text is likely in the language: its small words are at least as frequent as another's."""
    words = re.findall(r"\w+", text.lower())
    if len(words) < _JUDGED:
        return True
    found = {one: sum(word in common.split() for word in words) for one, common in _COMMON.items()}
    return found[language] > 0 and found[language] >= max(found.values())


def _parts(answer: str) -> tuple[str, list[str], list[str]]:
    """Title, paragraphs and page texts, whatever of them is there."""
    try:
        data = json.loads(answer)
    except (ValueError, RecursionError):
        # Something that begins like the asked JSON and is none was cut off.
        return "", [] if answer.startswith(("{", "[")) else re.split(r"\n\s*\n", answer), []
    if not isinstance(data, dict):
        raise StoryUnavailable("nonsense")
    title = data.get("title")
    return title if isinstance(title, str) else "", _strings(data.get("paragraphs")), _strings(data.get("page_texts"))


def _strings(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _text(text: str, most: int) -> str:
    """One paragraph without decoration, ended at a sentence where it is too long."""
    plain = " ".join(_MARKUP.sub("", text.strip()).split())
    if len(plain) <= most:
        return plain
    whole = max(plain.rfind(end, 0, most) for end in (". ", "! ", "? ", "… "))
    return plain[: whole + 1] if whole > 0 else plain[: most - 1].rstrip() + "…"


def _under_pictures(texts: list[str], asked: StoryAsked) -> tuple[str, ...]:
    """One text for each picture: the model's where it is fit and new, the house's where not."""
    houses = page_texts(asked)
    found = [_text(text, PAGE_TEXT) for text in texts[: len(houses)]]
    kept = ("" if _ADDRESS.search(text) or text in found[:place] else text for place, text in enumerate(found))
    return tuple(text or house for text, house in zip_longest(kept, houses, fillvalue=""))
