"""What the house asks of the decoding process, and what that answers."""

import json
from dataclasses import asdict, dataclass
from typing import Literal, Self, get_args

Source = Literal["jpeg", "png", "webp", "heic"]

Why = Literal["empty", "format", "damaged", "animated", "pixels", "heavy", "slow", "absent", "full"]
"""Why there is no picture. `absent`: the decoders are not installed here; `full`: there is no room for the result."""

LONGEST_ANSWER = 1024
"""Bytes of an answer."""


@dataclass(frozen=True, slots=True)
class Order:
    """`pixels` that the picture may have, `edge` that the result's longest edge may have.

    The process may take `seconds`, and `memory` bytes of address space. `into` is the descriptor of the result's file;
    the picture itself is its standard input.
    """

    pixels: int
    edge: int
    seconds: float
    memory: int
    into: int

    def written(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Self:
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The picture that was written, or why there is none. `width` and `height` are told as far as they are known."""

    width: int = 0
    height: int = 0
    source: Source | None = None
    why: Why | None = None

    def written(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Raises `ValueError` for anything that is no verdict: the process may have become somebody else's."""
        told = json.loads(line)
        if not isinstance(told, dict) or told.keys() != {"width", "height", "source", "why"}:
            raise ValueError("this is no verdict")
        if not all(type(told[name]) is int and 0 <= told[name] < 1 << 40 for name in ("width", "height")):
            raise ValueError("these are no measures")
        if told["source"] not in (None, *get_args(Source)) or told["why"] not in (None, *get_args(Why)):
            raise ValueError("this is no word for a verdict")
        if told["why"] is None and told["source"] is None:
            raise ValueError("this says nothing")
        return cls(**told)


class Refused(Exception):
    """There will be no picture."""

    def __init__(self, why: Why, size: tuple[int, int] = (0, 0)) -> None:
        super().__init__(why)
        self.why: Why = why
        self.size = size
