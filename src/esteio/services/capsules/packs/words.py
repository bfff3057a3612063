"""What people wrote, cleaned once, and kept from getting into a file without a filter."""

import re
import unicodedata
from typing import NoReturn

_BREAKS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_JOINERS = "\u200c\u200d"
"""Invisible, and yet part of how Persian, Hindi and emoji are written."""


class Words:
    """Text of a person. A template that writes it without a filter fails: the place says which filter is right."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> NoReturn:
        raise TypeError("a person's words are written through a filter")

    __repr__ = __format__ = __html__ = __str__  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return bool(self._text)

    def __len__(self) -> int:
        return len(self._text)


def plain(value: "Words | str") -> str:
    """The text itself: for filters alone."""
    return value._text if isinstance(value, Words) else value


def cleaned(text: str) -> str:
    """The text in composed form, with `\\n` for every kind of line break and without what cannot be seen.

    Removed are control characters but tabs, and formatting characters: those that turn the direction of writing hide
    what a line says. Halves of surrogate pairs and non-characters become U+FFFD.
    """
    broken = _BREAKS.sub("\n", text)
    return unicodedata.normalize("NFC", "".join(map(_seen, broken))).strip()


def one_line(text: str) -> str:
    """The text with single spaces for whatever white space it has."""
    return " ".join(cleaned(text).split())


def shortened(text: str, most: int) -> str:
    """The beginning of a line, cut at a word where there is one, with an ellipsis where something is missing."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    head, _, _ = cut.rpartition(" ")
    return (head if len(head) > most // 2 else cut).rstrip() + "…"


def is_noncharacter(code: int) -> bool:
    """Whether Unicode keeps the code point from ever being a character."""
    return 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE


def _seen(character: str) -> str:
    if character in "\n\t" or character in _JOINERS or (character.isascii() and character.isprintable()):
        return character
    category = unicodedata.category(character)
    if category == "Cs" or is_noncharacter(ord(character)):
        return "\ufffd"
    return "" if category in ("Cc", "Cf") else character
