"""What an API key looks like: `est_live_`, 30 random characters, 6 that check the rest."""

import re
from binascii import crc32
from dataclasses import dataclass

from esteio.base.ids import base62, random_base62

LIVE = "est_live_"
TEST = "est_test_"
_RANDOM = 30
_CHECK = 6
_SHAPE = re.compile(rb"est_(?:live|test)_[0-9A-Za-z]{36}\Z")

SHOWN = 8
"""So many characters of a refused key reach the log, and none when it is shorter."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. `text` is shown once and kept nowhere."""

    text: str
    public_id: str
    test: bool

    @property
    def last_four(self) -> str:
        return self.text[-4:]

    def __repr__(self) -> str:
        return f"NewKey(public_id={self.public_id!r})"


def make_key(*, test: bool = False) -> NewKey:
    """A key with 178 bits of entropy. Its public id is not part of it and may be told to anybody."""
    body = (TEST if test else LIVE) + random_base62(_RANDOM)
    return NewKey(body + _checksum(body.encode()), f"key_{random_base62(10)}", test)


def well_formed(raw: bytes) -> bool:
    """Whether shape and checksum are those of a key: a typo or a guess fails here, before anything is asked."""
    return _SHAPE.match(raw) is not None and _checksum(raw[:-_CHECK]).encode() == raw[-_CHECK:]


def beginning(raw: bytes) -> str:
    """What may be logged of a refused credential."""
    return raw[:SHOWN].decode("ascii", "replace") if len(raw) > SHOWN else "***"


def _checksum(body: bytes) -> str:
    return base62(crc32(body), _CHECK)
