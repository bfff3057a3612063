"""Strong entity tags from row versions, and the conditions of RFC 9110, section 13."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import orjson

from esteio.base.errors import BadRequest, FieldError


def row_etag(version: int, *variant: str) -> str:
    """The tag of one row: its version, and what makes the representation another one (chosen fields, API version)."""
    return f'"{version}{"-" + _short(variant) if any(variant) else ""}"'


def list_etag(rows: Iterable[tuple[Any, int]], *variant: Any) -> str:
    """The tag of a list: the ids and versions of its rows in order, and everything else that it shows."""
    return f'"{_short(([*rows], variant))}"'


def _short(value: Any) -> str:
    return blake2b(orjson.dumps(value, default=str), digest_size=9).hexdigest()


def matches(condition: bytes, etag: str, *, weak: bool) -> bool:
    """Whether an If-Match or If-None-Match value names the tag; `weak` compares as If-None-Match does."""
    text = condition.decode("latin-1").strip()
    if text == "*" or text == etag:
        return True
    for candidate in text.split(","):
        named = candidate.strip()
        if weak:
            named = named.removeprefix("W/")
        if named == etag:
            return True
    return False


def version_condition(condition: bytes | None) -> int | None:
    """The row version that If-Match asks for; `None` for no condition or `*`. Raises `BadRequest` for anything else.

    Row tags begin with the version, so that the compare-and-set happens in the database and not before it.
    A list of tags cannot be one version; such a request is refused in words instead of being half obeyed.
    """
    if condition is None or condition.strip() == b"*":
        return None
    text = condition.decode("latin-1").strip()
    if len(text) > 2 and text[0] == text[-1] == '"':
        digits = text[1:-1].partition("-")[0]
        if digits.isascii() and digits.isdigit() and len(digits) < 10:
            return int(digits)
        return -1
    raise BadRequest(
        "If-Match takes one entity tag as it was read from ETag.",
        errors=[FieldError("BAD_REQUEST", "If-Match takes one strong entity tag, or *.", "If-Match")],
    )
