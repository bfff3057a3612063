"""Header lines, written here and not by the email package.

Its folding has, in versions that are still in use, taken the quotes from names with both special characters and
letters beyond ASCII, which turns a part of a name into an address. Here every text that is not short, plain ASCII
becomes encoded words (RFC 2047) of base64, in which nothing can mean anything.
"""

import re
from base64 import b64encode
from collections.abc import Iterator

from esteio.mail.addresses import Mailbox

# Controls, separators of lines, surrogates, and marks that turn the direction of what follows them.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_PLAIN = re.compile(r"[ -~]{0,60}")
WORD = 39
"""Bytes of text in an encoded word: 52 characters and 12 around them, so that a line with a name stays below 76."""

LONGEST = 500
FOLD = "\r\n "


def clean(text: str) -> str:
    """One line that can be shown: what could end a line or reverse it is a space, blanks are one, 500 characters."""
    return " ".join(_UNFIT.sub(" ", text[: 4 * LONGEST]).split())[:LONGEST]


def line(name: str, value: str) -> str:
    """A header with a text of anybody's."""
    return f"{name}: {_phrase(clean(value), quoted=False)}\r\n"


def mailbox(name: str, shown: str, address: Mailbox) -> str:
    """A header with one address and the name of who has it."""
    phrase = _phrase(clean(shown), quoted=True)
    return f"{name}: {phrase}{FOLD}<{address}>\r\n" if phrase else f"{name}: {address}\r\n"


def _phrase(text: str, *, quoted: bool) -> str:
    if not _PLAIN.fullmatch(text) or "=?" in text:
        return FOLD.join(_words(text))
    if not quoted or not text:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _words(text: str) -> Iterator[str]:
    """Encoded words, each of whole characters."""
    held = b""
    for character in text:
        more = character.encode()
        if len(held) + len(more) > WORD:
            yield _word(held)
            held = b""
        held += more
    yield _word(held)


def _word(text: bytes) -> str:
    return f"=?utf-8?b?{b64encode(text).decode()}?="
