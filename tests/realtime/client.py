"""A client of `/ws` and of `/api/v2/stream`, as somebody outside would write it from docs/realtime.md."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.house import ADMIN_KEY, Served, eventually

WITHIN = 30.0


class Socket:
    """A conversation in messages."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def say(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def hear(self, within: float = WITHIN) -> dict[str, Any]:
        """The next message; `TimeoutError` when there is none in time."""
        message: dict[str, Any] = json.loads(self.connection.recv(within))
        return message

    def ask(self, **message: Any) -> dict[str, Any]:
        self.say(**message)
        return self.hear()

    def subscribe(self, channel: str, since: str | None = None) -> str:
        """The position from which the channel goes on."""
        answer = self.ask(type="subscribe", channel=channel, **({} if since is None else {"since": since}))
        assert answer["type"] == "subscribed", answer
        assert answer["channel"] == channel
        position: str = answer["position"]
        return position

    def events(self, number: int) -> list[dict[str, Any]]:
        """The next so many messages, which are all events."""
        found = [self.hear() for _ in range(number)]
        assert {message["type"] for message in found} == {"event"}, found
        return found

    def closed(self, within: float = WITHIN) -> tuple[int, str]:
        """The code and the reason with which the server closed; what came before is passed over."""
        try:
            while True:
                self.connection.recv(within)
        except ConnectionClosed as closing:
            assert closing.rcvd is not None, "the connection broke without a farewell"
            return closing.rcvd.code, closing.rcvd.reason


def socket_url(url: str, **query: str) -> str:
    return url.replace("http", "ws", 1) + "/ws" + (f"?{urlencode(query)}" if query else "")


@contextmanager
def socket(
    url: str, key: str | None = ADMIN_KEY, *, query: dict[str, str] | None = None, **options: Any
) -> Iterator[Socket]:
    """A connection to `/ws` of the house at `url`."""
    headers = {} if key is None else {"X-API-Key": key}
    options = {"additional_headers": headers, "open_timeout": WITHIN, **options}
    with connect(socket_url(url, **(query or {})), proxy=None, compression=None, **options) as line:
        yield Socket(line)


@dataclass
class Event:
    id: str = ""
    kind: str = "message"
    retry: str = ""
    text: str = ""

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found


@dataclass
class Stream:
    """An answer of `/api/v2/stream` as it comes in; comments count as heartbeats."""

    answer: httpx.Response
    heartbeats: int = 0
    _lines: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self._lines = self.answer.iter_lines()

    def event(self) -> Event | None:
        """The next event, `None` at the end."""
        event, said = Event(), False
        for line in self._lines:
            name, _, value = line.partition(": ")
            match name:
                case "id":
                    event.id = value
                case "event":
                    event.kind = value
                case "retry":
                    event.retry = value
                case "data":
                    event.text, said = value, True
                case "" if said:
                    return event
                case ":":
                    self.heartbeats += 1
        return None

    def events(self, number: int, kind: str = "message") -> list[Event]:
        found = [self.event() for _ in range(number)]
        assert all(event is not None and event.kind == kind for event in found), found
        return [event for event in found if event is not None]


@contextmanager
def stream(url: str, channels: str, key: str | None = ADMIN_KEY, **options: Any) -> Iterator[Stream]:
    """The stream of channels, once it has begun."""
    headers = {} if key is None else {"X-API-Key": key}
    headers |= options.pop("headers", {})
    query = {"channels": channels, **options.pop("query", {})}
    with (
        httpx.Client(base_url=url, timeout=WITHIN) as client,
        client.stream("GET", "/api/v2/stream", params=query, headers=headers) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        yield Stream(answer)


FACTS = """
INSERT INTO outbox (tenant_id, id, name, subject, data, principal, occurred_at)
SELECT $1::uuid, gen_random_uuid(), $2, $3, jsonb_build_object('n', n) || $6::jsonb, 'test', now()
FROM generate_series($4::int, $5::int) AS n
"""
TENANT = "00000000-0000-7000-8000-000000000001"


def tell(
    served: Served,
    first: int,
    last: int | None = None,
    *,
    name: str = "pet.fed",
    subject: str = "x",
    tenant: str = TENANT,
    more: str = "{}",
) -> None:
    """Commit facts numbered from `first` to `last` in one transaction, as use cases do."""
    served.sql(FACTS, tenant, name, subject, first, last or first, more)


def numbers(messages: list[dict[str, Any]]) -> list[int]:
    return [message["data"]["n"] for message in messages]


def untold(served: Served) -> int:
    """Facts that wait to be told to listeners."""
    return int(served.sql("SELECT count(*) AS n FROM outbox_queue WHERE consumer = 'realtime'")[0]["n"])


def all_told(served: Served) -> None:
    eventually(lambda: untold(served) == 0)
