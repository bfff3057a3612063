"""What must never reach a log line: secrets and personal data, by the name of their field and by their shape."""

import re
from collections.abc import Mapping
from typing import Any

from esteio.telemetry.shapes import MASK as MASK
from esteio.telemetry.shapes import without_persons, without_secrets

_NAMES = re.compile(
    r"passw|secret|token|authorization|cookie|api[-_]?key|pepper|private|credential|signature|dsn|database_url|redis_url"
    r"|cpf|cnpj|e_?mail|phone|telefone|birth|street|logradouro|post(?:al_?)?code|zip_?code|full_?name|nome_?titular|cvv"
    r"|card_?number",
    re.IGNORECASE,
)
_SAFE_NAMES = frozenset({"key_id", "key_prefix", "token_id"})
_DEPTH = 6
_ITEMS = 50
"""Members of a list or mapping that are shown."""

LONGEST = 2_000
"""Characters of a text that are shown."""

_OVERLAP = 400
"""Characters behind the cut that are looked at: half a secret has its shape no more."""

_EDGE = 40
"""Characters before a cut that may be half a number of a person."""


def mask_text(text: str) -> str:
    """The text with everything that has the shape of a secret or of personal data replaced."""
    return without_persons(without_secrets(text))


def shortened(text: str, longest: int = LONGEST) -> str:
    """The text masked, its beginning where it is longer than so many characters."""
    if len(text) <= longest:
        return mask_text(text)
    return f"{beginning(text, longest)}… ({len(text)} characters)"


def beginning(text: str, longest: int) -> str:
    """The first so many characters, masked; the work for it is bounded however long the text is."""
    if len(text) <= longest + _OVERLAP:
        return mask_text(text)[:longest]
    masked = mask_text(text[: longest + _OVERLAP])
    if len(masked) < longest + _EDGE and not masked.endswith(MASK):
        # Masks have made it so short that the cut itself is in sight, and with it half of what stood there.
        masked = masked[:-_EDGE].rpartition(" ")[0]
    return masked[:longest]


def mask(value: Any, name: str = "", depth: int = 0) -> Any:
    """A value fit for a log: masked by name and by shape, to a bounded depth, width and length."""
    if name and name not in _SAFE_NAMES and _NAMES.search(name) and value is not None:
        return _named(value)
    if isinstance(value, str):
        return shortened(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= _DEPTH:
        return "…"
    if isinstance(value, Mapping):
        first = list(value.items())[:_ITEMS]
        return {shortened(str(key), 100): mask(item, str(key), depth + 1) for key, item in first}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask(item, depth=depth + 1) for item in list(value)[:_ITEMS]]
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(value)} bytes)"
    return shortened(str(value))


def _named(value: Any) -> str:
    """A mask; of an address of mail its first character and its domain stay, which is what support asks for."""
    if isinstance(value, str) and len(value) <= LONGEST and "@" in value and " " not in value:
        shown = without_persons(value)
        return shown if MASK in shown and shown.count("@") == 1 else MASK
    return MASK
