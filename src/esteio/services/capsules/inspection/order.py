"""What the process is told on its command line and its standard input, and what it says on its standard output."""

import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, Literal, Self

LONGEST_ANSWER = 4 * 1_048_576
_HEAD = struct.Struct("!IIII")
"""Bytes of the path, of the file before and of the file after; which of the two there are."""

_BEFORE, _AFTER = 1, 2


@dataclass(frozen=True, slots=True)
class Bounds:
    """seconds of work, bytes of address space, bytes of the answer's longest part."""

    work: Literal["check", "compare"]
    seconds: float
    memory: int
    shown: int

    def written(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Self:
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class Pair:
    """A file before and after; to be checked is what comes after. `None` where there is none."""

    path: str
    before: bytes | None
    after: bytes | None

    def written(self) -> bytes:
        path = self.path.encode()
        before, after = self.before or b"", self.after or b""
        present = _BEFORE * (self.before is not None) | _AFTER * (self.after is not None)
        return _HEAD.pack(len(path), len(before), len(after), present) + path + before + after


def pairs(source: BinaryIO) -> Iterator[Pair]:
    """The pairs, one at a time."""
    while head := source.read(_HEAD.size):
        path, before, after, present = _HEAD.unpack(head)
        name = source.read(path).decode()
        parts = source.read(before), source.read(after)
        yield Pair(name, parts[0] if present & _BEFORE else None, parts[1] if present & _AFTER else None)


def answer(value: Any) -> bytes:
    return json.dumps(value).encode()
