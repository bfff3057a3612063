"""Which bytes of a representation a request asks for: a single range of RFC 9110, section 14."""

import re

from esteio.http.etags import matches

_RANGE = re.compile(rb"bytes[ \t]*=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.IGNORECASE)


class Unsatisfiable(Exception):
    """The range is well written, and nothing of the representation lies in it."""


def asked_span(headers: dict[bytes, bytes], size: int, etag: str) -> tuple[int, int] | None:
    """The first byte and the one behind the last, or `None` for the whole.

    Several ranges at once, other units and what cannot be read are ignored, as the RFC allows; so is a range whose
    `If-Range` names another state than this (or a date, which is no strong validator here). Raises `Unsatisfiable`.
    """
    written = headers.get(b"range")
    found = _RANGE.fullmatch(written) if written is not None else None
    if found is None or not _unchanged(headers.get(b"if-range"), etag):
        return None
    first, last = found[1], found[2]
    if not first:
        return _suffix(int(last), size) if last else None
    start, end = int(first), int(last) + 1 if last else size
    if last and end <= start:
        return None
    if start >= size:
        raise Unsatisfiable
    return start, min(end, size)


def _suffix(length: int, size: int) -> tuple[int, int]:
    if length == 0 or size == 0:
        raise Unsatisfiable
    return max(0, size - length), size


def _unchanged(condition: bytes | None, etag: str) -> bool:
    return condition is None or (condition.strip() != b"*" and matches(condition, etag, weak=False))
