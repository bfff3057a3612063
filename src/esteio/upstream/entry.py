"""How a kept value lies in Redis: a head of fixed length, then the value's own bytes."""

import struct
from dataclasses import dataclass
from zlib import crc32

MARK = b"EU1"
_HEAD = struct.Struct(">3s?dddI")
"""Mark, whether there is a value, fetched at, fresh until, good until (seconds of the epoch), checksum of the value."""

LARGEST = 8 * 1024 * 1024
"""Bytes. What is larger is answered but not kept."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A value and its times, in seconds of the epoch. `value` is `None` where the party has none."""

    value: bytes | None
    at: float
    fresh_until: float
    good_until: float

    def packed(self) -> bytes:
        value = self.value or b""
        times = (self.at, self.fresh_until, self.good_until)
        return _HEAD.pack(MARK, self.value is not None, *times, crc32(value)) + value


def unpacked(raw: object) -> Entry | None:
    """The entry of these bytes; `None` for anything that is not whole or not ours."""
    if not isinstance(raw, bytes) or len(raw) < _HEAD.size:
        return None
    mark, present, at, fresh, good, checksum = _HEAD.unpack_from(raw)
    value = raw[_HEAD.size :]
    if mark != MARK or crc32(value) != checksum:
        return None
    return Entry(value if present else None, at, fresh, good)
