"""Texts of people made fit for a page: what cannot be printed is taken out, the rest is left as it was written."""

import unicodedata
from itertools import groupby

_MARKS = 4
"""Combining marks that one letter may carry; living languages need three."""
_STEERING = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ufff9\ufffa\ufffb"
)
"""Characters that turn the direction of what follows, or are no text. The direction follows from the letters."""


def printable(text: str) -> str:
    """The text without control characters, bidirectional overrides, halves of characters and towers of marks.

    Line breaks stay, tabulators become spaces, and letters are composed (NFC).
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    kept = "".join(_kept(letter) for letter in lines)
    return _without_towers(unicodedata.normalize("NFC", kept)).strip()


def on_one_line(text: str, most: int) -> str:
    """`printable`, without line breaks and runs of spaces, of at most so many characters."""
    return cut(" ".join(printable(text).split()), most)


def paragraphs(text: str) -> list[str]:
    """`printable`, as the paragraphs that its line breaks make."""
    return [" ".join(line.split()) for line in printable(text).split("\n") if line.strip()]


def cut(text: str, most: int) -> str:
    """The text, or its beginning with an ellipsis, in at most so many characters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _kept(letter: str) -> str:
    if letter == "\n":
        return letter
    if letter == "\t":
        return " "
    if letter in _STEERING or unicodedata.category(letter) in {"Cc", "Cs", "Co", "Cn"}:
        return ""
    return letter


def _without_towers(text: str) -> str:
    parts: list[str] = []
    for is_mark, run in groupby(text, key=lambda letter: unicodedata.category(letter) in {"Mn", "Me"}):
        letters = "".join(run)
        parts.append(letters[:_MARKS] if is_mark else letters)
    return "".join(parts)
