"""What a client may say over its socket."""

from dataclasses import dataclass
from typing import Any

import orjson

from esteio.base.errors import Invalid, MalformedJson
from esteio.realtime.messages import Position, parsed

LONGEST_NAME = 150


@dataclass(frozen=True, slots=True)
class Command:
    """`kind` is subscribe, unsubscribe, ping or echo; `said` is the whole message."""

    kind: str
    said: dict[str, Any]
    channel: str = ""
    since: Position | None = None


def command_of(text: str) -> Command:
    """The command in a message. Raises `MalformedJson` or `Invalid`."""
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise MalformedJson("The message is not valid JSON.") from error
    if not isinstance(said, dict):
        raise MalformedJson("A message is a JSON object.")
    match said.get("type"):
        case "ping" | "echo" as kind:
            return Command(kind, said)
        case "subscribe" | "unsubscribe" as kind:
            return Command(kind, said, _channel(said.get("channel")), since_of(said.get("since")))
    raise Invalid.at("type", "type is subscribe, unsubscribe, ping or echo.")


def since_of(value: object) -> Position | None:
    """The position that a client goes on from. Raises `Invalid` for what is none."""
    if value is None or value == "":
        return None
    position = parsed(value) if isinstance(value, str) else None
    if position is None:
        raise Invalid.at("since", "since is the position of the last message that arrived.")
    return position


def _channel(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_NAME:
        raise Invalid.at("channel", f"channel is a name of 1 to {LONGEST_NAME} characters.")
    return value
