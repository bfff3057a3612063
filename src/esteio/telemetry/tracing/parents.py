"""The W3C header field `traceparent`, which says under which span of another process something goes on."""

import re
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})\Z")
_SAMPLED = 1


@dataclass(frozen=True, slots=True)
class Parent:
    """A span of another process, or of another time: its ids, and whether it was recorded."""

    trace: str
    span: str
    sampled: bool


def parent_of(traceparent: bytes | str | None) -> Parent | None:
    """The parent in a valid `traceparent` (W3C Trace Context, version 00), else `None`."""
    if not traceparent:
        return None
    match = _TRACEPARENT.match(traceparent if isinstance(traceparent, str) else traceparent.decode("latin-1"))
    if match is None or match[1] == "0" * 32 or match[2] == "0" * 16:
        return None
    return Parent(match[1], match[2], bool(int(match[3], 16) & _SAMPLED))
