"""Hostile and huge bodies: each is refused or served, and nobody else waits for it."""

import asyncio
import socket
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from urllib.parse import urlsplit

import httpx
import orjson
import pytest

from tests.faults.pace import Pace
from tests.house import ADMIN_KEY, Served

STALL = 0.25
MEMORY = 150 * 1024**2
LIMIT = 1_048_576


def padded(body: bytes) -> bytes:
    return body + b" " * (LIMIT - len(body))


HOSTILE: dict[str, bytes] = {
    "90 000 unknown members": orjson.dumps({f"m{number}": 0 for number in range(90_000)}),
    "9 000 unknown members": orjson.dumps({f"member{number}": "x" * 80 for number in range(9_000)}),
    "100 000 elements": b'{"name":[' + b"0," * 100_000 + b'0],"species":"dog"}',
    "nested 200 000 deep": b"[" * 200_000 + b"]" * 200_000,
    "nested objects": b'{"a":' * 150_000 + b"1" + b"}" * 150_000,
    "a megabyte of one digit": b'{"name":' + b"9" * 1_000_000 + b"}",
    "a megabyte of one string": b'{"name":"' + b"x" * 1_000_000 + b'","species":"dog"}',
    "a megabyte of escapes": b'{"name":"' + b"\\u00e9" * 160_000 + b'","species":"dog"}',
    "a megabyte of blanks": padded(b'{"name":"Wide","species":"dog"}'),
    "not a number": b'{"name":"x","species":"dog","weight_kg":NaN}',
    "beyond a double": b'{"name":"x","species":"dog","weight_kg":1e999}',
    "lone surrogate": b'{"name":"\\ud800","species":"dog"}',
    "not UTF-8": b'{"name":"\xff\xfe","species":"dog"}',
    "NUL": b'{"name":"a\\u0000b","species":"dog"}',
    "twice the same key": b'{"name":"a","name":"b","species":"dog"}',
    "nothing": b"",
    "no JSON": b"\x00" * 1_000_000,
    "too large": b'{"name":"' + b"x" * (LIMIT + 1) + b'"}',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_body_stalls_the_others(served: Served, kind: str) -> None:
    """R15: whatever a body holds, the loop that serves everybody else is never busy with it for 250 ms.

    The answer is a refusal of a few kilobytes that does not echo what was sent, or the pet itself.
    """
    with Pace.of(served) as pace:
        for _ in range(2):
            answer = served.client.post(
                "/api/v2/pets", content=HOSTILE[kind], headers={"Content-Type": "application/json"}
            )
            assert answer.status_code in (201, 400, 413, 422), (kind, answer.text[:500])
            assert len(answer.content) < 32_768
    assert pace.longest < STALL


@pytest.mark.parametrize("kind", ["90 000 unknown members", "100 000 elements", "nested objects"])
def test_400_for_a_body_past_the_bounds(served: Served, kind: str) -> None:
    """Too many members, elements or levels are refused as such, before anything validates them."""
    answer = served.client.post("/api/v2/pets", content=HOSTILE[kind], headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text[:500]


@pytest.mark.parametrize("kind", ["90 000 unknown members", "a megabyte of one digit", "nested objects"])
def test_a_steady_reader_notices_nothing(served: Served, kind: str) -> None:
    """Ten hostile bodies at once: another caller's requests go on being answered all the while."""
    with Pace.of(served) as pace, crowd(served, HOSTILE[kind]) as statuses:
        seen = 0
        while len(statuses) < 10:
            assert served.anonymous.get("/livez").status_code == 200
            seen += 1
    assert set(statuses) <= {400, 413, 422}
    assert seen > 3
    assert pace.longest < STALL


@contextmanager
def crowd(served: Served, body: bytes) -> Iterator[list[int]]:
    """Ten callers that send the same body at the same time; their answers' statuses as they come."""
    statuses: list[int] = []

    async def send(client: httpx.AsyncClient) -> None:
        answer = await client.post("/api/v2/pets", content=body, headers={"Content-Type": "application/json"})
        statuses.append(answer.status_code)

    async def send_all() -> None:
        async with httpx.AsyncClient(base_url=served.url, headers={"X-API-Key": ADMIN_KEY}, timeout=30) as client:
            await asyncio.gather(*(send(client) for _ in range(10)))

    thread = Thread(target=lambda: asyncio.run(send_all()))
    thread.start()
    try:
        yield statuses
    finally:
        thread.join(60)


def head(served: Served, *fields: str) -> bytes:
    lines = ("POST /api/v2/pets HTTP/1.1", f"Host: {urlsplit(served.url).netloc}", "Content-Type: application/json")
    return "\r\n".join((*lines, *fields, "", "")).encode()


def status_of_unfinished(served: Served, *pieces: bytes) -> int:
    """What is answered to a request that is never sent to its end."""
    place = urlsplit(served.url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=30) as line:
        for piece in pieces:
            line.sendall(piece)
        return int(line.recv(64).split(b" ")[1])


def test_a_body_without_end_is_refused_at_the_limit(served: Served) -> None:
    """A body that announces no length is refused as soon as it passes the limit, not when it ends."""
    begun = head(served, f"X-API-Key: {ADMIN_KEY}", "Transfer-Encoding: chunked")
    assert status_of_unfinished(served, begun, b"110000\r\n" + b" " * 0x110000 + b"\r\n") == 413


def test_what_is_announced_too_large_is_refused_unread(served: Served) -> None:
    """R16: a length beyond the limit is refused before a byte of the body has come."""
    assert status_of_unfinished(served, head(served, f"X-API-Key: {ADMIN_KEY}", "Content-Length: 2000000")) == 413


def test_a_stranger_is_refused_before_the_body_is_read(served: Served) -> None:
    """R16: who may not write is told so without sending the body."""
    assert status_of_unfinished(served, head(served, "Content-Length: 1000000")) == 401


def test_hostile_bodies_take_little_memory(served: Served) -> None:
    """R15: no body takes more than 150 MB while it is refused."""
    tracemalloc.start()
    try:
        for body in HOSTILE.values():
            served.client.post("/api/v2/pets", content=body, headers={"Content-Type": "application/json"})
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


def test_a_caller_that_sends_slowly_holds_up_nobody(served: Served) -> None:
    """A body that comes in drops is waited for while others are served."""
    seen = []

    def drops() -> Iterator[bytes]:
        for piece in (b'{"name":', b'"Drop",', b'"species":"dog"}'):
            began = time.monotonic()
            assert served.anonymous.get("/livez").status_code == 200
            seen.append(time.monotonic() - began)
            yield piece

    answer = served.client.post("/api/v2/pets", content=drops(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 201
    assert len(seen) == 3
