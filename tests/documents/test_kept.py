"""What is made once is made once, and a failure is not kept."""

import asyncio
import threading

import pytest
from fastapi import Request

from esteio.app.documents.kept import Kept


def request() -> Request:
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []})


def test_once_for_all() -> None:
    """Requests that come together wait for one making, and the event loop goes on meanwhile."""
    made: list[int] = []
    begun, go = threading.Event(), threading.Event()

    def make() -> bytes:
        made.append(1)
        begun.set()
        assert go.wait(30)
        return b"page"

    async def ask() -> list[bytes]:
        kept = Kept(make, "text/html")
        asked = [asyncio.ensure_future(kept.answer(request())) for _ in range(5)]
        assert await asyncio.to_thread(begun.wait, 30)
        go.set()
        return [bytes(answer.body) for answer in await asyncio.gather(*asked)]

    assert asyncio.run(ask()) == [b"page"] * 5
    assert made == [1]


def test_failure_is_not_kept() -> None:
    """After a failure the next request tries again."""
    answers = iter([None, b"page"])

    def make() -> bytes:
        answer = next(answers)
        if answer is None:
            raise RuntimeError("not yet")
        return answer

    kept = Kept(make, "text/html")
    with pytest.raises(RuntimeError):
        asyncio.run(kept.answer(request()))
    assert asyncio.run(kept.answer(request())).body == b"page"
