"""What a connection is told: written once, the same bytes for everyone who hears it."""

import re
from typing import Any, NamedTuple

from esteio.base.errors import EsteioError
from esteio.http.answers import dumps

_POSITION = re.compile(r"([0-9a-f.]{1,60}):(0|[1-9][0-9]{0,14})")


class Position(NamedTuple):
    """A place in a channel: after message `sequence` of `epoch`. A new epoch has nothing to do with the one before."""

    epoch: str
    sequence: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.sequence}"


def parsed(text: str) -> Position | None:
    """The position that a client names, `None` when it is none."""
    match = _POSITION.fullmatch(text)
    return Position(match[1], int(match[2])) if match else None


class Message:
    """`text` is JSON. `position` is where its channel stands after it, `None` for what belongs to no channel."""

    __slots__ = ("_frame", "channel", "kind", "position", "text")

    def __init__(self, kind: str, text: bytes, channel: str = "", position: Position | None = None) -> None:
        self.kind = kind
        self.text = text
        self.channel = channel
        self.position = position
        self._frame = b""

    @property
    def frame(self) -> bytes:
        """The whole WebSocket frame (RFC 6455, 5.2): a server's frames are not masked, so one serves all."""
        if not self._frame:
            self._frame = _head(len(self.text)) + self.text
        return self._frame


def _head(length: int) -> bytes:
    if length < 126:
        return bytes((0x81, length))
    if length < 65_536:
        return b"\x81\x7e" + length.to_bytes(2)
    return b"\x81\x7f" + length.to_bytes(8)


def body_of_fact(name: str, fact: str, subject: str, occurred_at: str, data: str) -> bytes:
    """What all channels that show a fact have in common: the members of the object behind `position`."""
    known = {"event": name, "id": fact, "subject": subject, "occurred_at": occurred_at}
    return dumps(known)[1:-1] + b',"data":' + data.encode() + b"}"


def event(channel: str, position: Position, body: bytes) -> Message:
    """A fact on a channel."""
    return Message("event", _begun("event", channel, position) + b"," + body, channel, position)


def standing(kind: str, channel: str, position: Position) -> Message:
    """`subscribed` or `gap`: where the channel goes on from."""
    return Message(kind, _begun(kind, channel, position) + b"}", channel, position)


def note(kind: str, **members: Any) -> Message:
    """Anything that belongs to no position."""
    return Message(kind, dumps({"type": kind, **members}))


def refusal(error: EsteioError, channel: str | None = None) -> Message:
    """An error in the words of the catalogue."""
    members: dict[str, Any] = {"code": error.code, "message": error.errors[0].message}
    if channel is not None:
        members["channel"] = channel
    if "Retry-After" in error.headers:
        members["retry_after"] = int(error.headers["Retry-After"])
    return note("error", **members)


def _begun(kind: str, channel: str, position: Position) -> bytes:
    return dumps({"type": kind, "channel": channel, "position": str(position)})[:-1]
