"""A bare ASGI function that sends prebuilt bytes: the floor that the server itself sets."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from bench import sample

ENVELOPE = {
    "success": True,
    "version": "2.0.0",
    "timestamp": "2026-11-21T10:30:00Z",
    "request_id": "0198c7d2-5f4e-7c3a-9b1d-2f6a8e4c0d35",
    "errors": [],
    "warnings": [],
    "links": [{"href": "/api/v2/pets", "rel": "self", "method": "GET"}],
    "meta": {},
}


def _page(count: int) -> bytes:
    return json.dumps(ENVELOPE | {"data": sample.pets(count)}, default=str, separators=(",", ":")).encode()


def _one() -> bytes:
    return json.dumps(ENVELOPE | {"data": sample.pet(0)}, default=str, separators=(",", ":")).encode()


def _refusal(status: int, title: str) -> bytes:
    problem = {"type": "https://example.org/errors/refused", "title": title, "status": status, "detail": title}
    errors = [{"code": "REFUSED", "message": title, "severity": "high"}]
    return json.dumps(problem | ENVELOPE | {"success": False, "data": None, "errors": errors}).encode()


def _answer(status: int, media_type: str, body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    headers = [(b"content-type", media_type.encode()), (b"content-length", b"%d" % len(body))]
    if status == 304:
        headers = [(b"etag", b'"0198c7d25f4e7c3a"')]
    start = {"type": "http.response.start", "status": status, "headers": headers}
    return start, {"type": "http.response.body", "body": body}


ANSWERS = {
    "/pets": _answer(200, "application/json", _page(20)),
    "/pet": _answer(200, "application/json", _one()),
    "/pets-200": _answer(200, "application/json", _page(200)),
    "/not-modified": _answer(304, "", b""),
    "/unauthenticated": _answer(401, "application/problem+json", _refusal(401, "An API key is needed")),
    "/limited": _answer(429, "application/problem+json", _refusal(429, "Too many requests")),
}


async def app(scope: dict[str, Any], receive: object, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    if scope["type"] == "http":
        start, body = ANSWERS[scope["path"]]
        await send(start)
        await send(body)
