"""Readers that do not read: cut off at a bound, told why, and no hindrance to others."""

import json
import socket as sockets
import time

from tests.house import Served, eventually
from tests.realtime.client import Socket, numbers, socket, stream, tell
from tests.realtime.conftest import Telling

TEXT = "x" * 20_000
BOUNDS = {"REALTIME__BUFFER_MESSAGES": "50", "REALTIME__BUFFER_BYTES": "200000"}
ON_TIME = 5.0
"""Seconds: many times what a message takes, far less than a reader is waited for anywhere."""


def narrow(served: Served) -> sockets.socket:
    """A connection that holds little: what is not read soon weighs on the server."""
    line = sockets.socket()
    line.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4_096)
    host, _, port = served.url.rpartition("//")[2].partition(":")
    line.connect((host, int(port)))
    return line


def ended(served: Served) -> list[tuple[int, str]]:
    return [listener.ended for listener in served.app.realtime._open if listener.ended is not None]


def drown(served: Served, good: Socket, most: int = 60) -> int:
    """Tell more and more until somebody is cut off, while the good one hears all of it on time; how many were told."""
    told = 0
    for _ in range(most):
        began = time.monotonic()
        tell(served, told + 1, told + 20, more=json.dumps({"text": TEXT}))
        assert numbers(good.events(20)) == list(range(told + 1, told + 21))
        assert time.monotonic() - began < ON_TIME
        told += 20
        if ended(served) or len(served.app.realtime._open) == 1:
            return told
    raise AssertionError("nobody was cut off")


def test_a_socket_that_is_not_read(telling: Telling) -> None:
    """It is closed with 4408 at its bound, while another hears everything on time; what came lets it go on exactly."""
    with telling(**BOUNDS) as served, socket(served.url) as good:
        good.subscribe("pets")
        with socket(served.url, sock=narrow(served), max_queue=1) as slow:
            slow.subscribe("pets")
            told = drown(served, good)
            heard = []
            code = None
            try:
                while True:
                    heard.append(slow.hear())
            except Exception:
                code = slow.closed()
        assert code == (4408, "too slow: resume from your last position")
        assert numbers(heard) == list(range(1, len(heard) + 1))
        assert len(heard) < told
        with socket(served.url) as again:
            again.subscribe("pets", heard[-1]["position"])
            assert numbers(again.events(told - len(heard))) == list(range(len(heard) + 1, told + 1))


def test_a_stream_that_is_not_read(telling: Telling) -> None:
    """A stream is cut off in the same way."""
    with telling(**BOUNDS) as served, socket(served.url) as good:
        good.subscribe("pets")
        with stream(served.url, "pets") as events:
            events.events(1, "subscribed")
            drown(served, good)
            last = None
            while (event := events.event()) is not None:
                last = event
        assert last is not None
        assert (last.kind, last.data["code"]) == ("closed", 4408)


def test_one_who_never_takes_the_farewell_is_dropped(telling: Telling) -> None:
    """Nothing is kept for a reader that is gone without a word: seconds later its place is free."""
    with telling(**BOUNDS) as served, socket(served.url) as good:
        good.subscribe("pets")
        with socket(served.url, sock=narrow(served), max_queue=1, close_timeout=0) as slow:
            slow.subscribe("pets")
            drown(served, good)
            eventually(lambda: len(served.app.realtime._open) == 1)


def test_a_dead_peer_is_noticed(telling: Telling) -> None:
    """Who answers no heartbeat is given up, and others are not."""
    with telling(REALTIME__HEARTBEAT_SECONDS="0.3") as served, socket(served.url) as good:
        line = narrow(served)
        line.sendall(
            b"GET /ws HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
        )
        assert line.recv(100).startswith(b"HTTP/1.1 101")
        eventually(lambda: len(served.app.realtime._open) == 1)
        assert good.ask(type="ping") == {"type": "pong"}
        line.close()
