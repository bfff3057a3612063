"""What must never reach a log line: secrets by the name of their field, and by their shape."""

import re
from collections.abc import Mapping
from typing import Any

MASK = "***"

_NAMES = re.compile(
    r"passw|secret|token|authorization|cookie|api[-_]?key|pepper|private|credential|signature|dsn|database_url|redis_url",
    re.IGNORECASE,
)
_SHAPES = re.compile(
    r"est_(?:live|test)_[0-9A-Za-z]+"  # API keys
    r"|est_refresh_[0-9A-Za-z]+"
    r"|whsec_[0-9A-Za-z+/=_-]+"
    r"|eyJ[\w-]{5,}\.[\w-]+\.[\w-]*"  # JSON web tokens
    r"|\$argon2\w*\$[^\s\"]+"
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"  # user:password of a URL
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----"
)
_SAFE_NAMES = frozenset({"key_id", "key_prefix", "token_id"})
_DEPTH = 6


def mask_text(text: str) -> str:
    """The text with everything that has the shape of a secret replaced."""
    return _SHAPES.sub(MASK, text)


def mask(value: Any, name: str = "", depth: int = 0) -> Any:
    """A value fit for a log: masked by name and by shape, to a bounded depth."""
    if name and name not in _SAFE_NAMES and _NAMES.search(name) and value is not None:
        return MASK
    if isinstance(value, str):
        return mask_text(value)
    if depth >= _DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return {str(key): mask(item, str(key), depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask(item, depth=depth + 1) for item in value]
    return value
