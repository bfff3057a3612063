"""The server's protocol says on the wire what uvicorn's own says."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn

from esteio.cli.protocol import Protocol
from esteio.http.exchange import Reply
from tests.house import eventually

PLAIN = [(b"content-type", b"text/plain")]


async def whole(send: Any, status: int = 200, body: bytes = b"all of it") -> None:
    length = [] if status in (204, 304) else [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*PLAIN, *length]})
    await send({"type": "http.response.body", "body": b"" if status in (204, 304) else body})


async def streamed(send: Any, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [*PLAIN, *headers]})
    for part in (b"one ", b"two "):
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"three"})


async def answered(scope: Any, receive: Any, send: Any) -> None:
    match scope["path"]:
        case "/whole":
            await whole(send)
        case "/echo":
            message = await receive()
            await whole(send, body=b"heard " + message["body"])
        case "/later":
            await asyncio.sleep(0)
            await whole(send, body=b"later")
        case "/204" | "/304":
            await whole(send, int(scope["path"][1:]))
        case "/streamed":
            await streamed(send)
        case "/counted":
            await streamed(send, (b"content-length", b"13"))
        case "/short":
            await whole(send, body=b"x" * 3)
        case "/broken":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
            raise RuntimeError("halfway")
        case "/forged":
            forged = [(b"content-length", b"0"), (b"x-name", b"value\r\nset-cookie: a=b")]
            await send({"type": "http.response.start", "status": 200, "headers": forged})
            await send({"type": "http.response.body", "body": b""})


def ready(scope: Any, receive: Any, send: Any) -> Any:
    """Answers at once where it can, as the gate does."""
    if scope["path"].startswith("/ready"):
        body = scope["path"].encode()
        return Reply(200, [*PLAIN, (b"content-length", b"%d" % len(body))], body, send)
    return answered(scope, receive, send)


@contextmanager
def serving(app: Any, http: Any, keep_alive: int = 5) -> Iterator[int]:
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=http,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_level="critical",
        date_header=False,
        server_header=False,
        timeout_keep_alive=keep_alive,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            eventually(lambda: server.started)
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(10)


def said(port: int, request: bytes, until: Callable[[bytes], bool] = lambda _: False) -> bytes:
    """All that is answered on one connection until it closes, or until enough was heard."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(request)
        heard = b""
        while not until(heard) and (data := connection.recv(65536)):
            heard += data
        return heard


def asked(path: str, *headers: str, method: str = "GET", body: bytes = b"", close: bool = True) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: here", *headers, *(["Connection: close"] if close else [])]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.fixture(scope="module")
def ours() -> Iterator[int]:
    with serving(ready, Protocol) as port:
        yield port


@pytest.fixture(scope="module")
def uvicorns() -> Iterator[int]:
    with serving(answered, "httptools") as port:
        yield port


LAST = asked("/short")
REQUESTS = {
    "whole": asked("/whole", close=False) + LAST,
    "whole, last": asked("/whole"),
    "head": asked("/whole", method="HEAD", close=False) + LAST,
    "no content": asked("/204", close=False) + LAST,
    "not modified": asked("/304", close=False) + LAST,
    "chunks": asked("/streamed", close=False) + LAST,
    "parts of a known length": asked("/counted", close=False) + LAST,
    "with a body": asked("/echo", "Content-Length: 3", method="POST", body=b"yes", close=False) + LAST,
    "with a body that is announced": asked(
        "/echo", "Content-Length: 3", "Expect: 100-continue", method="POST", body=b"yes", close=False
    )
    + LAST,
    "sent ahead": asked("/later", close=False) + asked("/whole", close=False) * 3 + asked("/later"),
    "HTTP/1.0": b"GET /whole HTTP/1.0\r\nHost: here\r\n\r\n",
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_the_same_bytes_are_on_the_wire(ours: int, uvicorns: int, kind: str) -> None:
    """However an answer is framed, a client cannot tell the protocol from uvicorn's."""
    theirs = said(uvicorns, REQUESTS[kind])
    assert theirs.startswith(b"HTTP/1.1 ")
    assert said(ours, REQUESTS[kind]) == theirs


def test_a_header_cannot_forge_another(ours: int) -> None:
    """A line break in a header's value is a 500, never a second header."""
    heard = said(ours, asked("/forged", close=False))
    assert heard.startswith(b"HTTP/1.1 500 ") and b"set-cookie" not in heard


def test_an_answer_that_fails_halfway_ends_its_connection(ours: int) -> None:
    """Nobody takes a part of an answer for the whole."""
    assert b"HTTP/1.1 200" not in said(ours, asked("/broken", close=False))


def test_ready_answers_keep_their_order_among_others(ours: int) -> None:
    """A thousand requests sent ahead, some answered at once and some not, are answered in their order."""
    paths = ["/later" if number % 3 == 0 else f"/ready/{number}" for number in range(1000)]
    heard = said(ours, b"".join(asked(path, close=False) for path in paths) + LAST)
    bodies = [part.partition(b"\r\n\r\n")[2] for part in heard.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert bodies == [path.removeprefix("/").encode() if "later" in path else path.encode() for path in paths] + [
        b"xxx"
    ]


def test_an_idle_connection_is_closed() -> None:
    """A connection that asked once and is silent is closed when its time is over, not before."""
    with (
        serving(ready, Protocol, keep_alive=1) as port,
        socket.create_connection(("127.0.0.1", port), 10) as connection,
    ):
        for _ in range(3):
            connection.sendall(asked("/ready", close=False))
            assert connection.recv(65536).endswith(b"/ready")
        assert connection.recv(1) == b""
