"""Third step: nothing is taken in without a bound. Sizes are refused before anything is read."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from esteio.base.errors import BadRequest, FieldError, MalformedJson, PayloadTooLarge
from esteio.http.exchange import Exchange, exchange_of

MAX_HEADERS = 100
MAX_ADDRESS = 8192
BODY_WITHIN = 20.0
MAX_KEYS = 1000


class Bounds:
    """Counts the body as it streams in, whether or not it announced its length (413 past the limit).

    What is wrong before anything was read is told after the caller's limit was charged, like any other refusal.
    """

    def __init__(self, app: ASGIApp, *, body_limit: int) -> None:
        self.app = app
        self._body_limit = body_limit

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange = exchange_of(scope)
        if len(scope["headers"]) > MAX_HEADERS or len(scope["query_string"]) > MAX_ADDRESS:
            exchange.refusal = BadRequest("The request has too many header fields or too long an address.")
        if exchange.method in ("GET", "HEAD"):
            return self.app(scope, receive, send)
        return self.app(scope, self._counting(exchange, receive), send)

    def _counting(self, exchange: Exchange, receive: Receive) -> Receive:
        operation = exchange.operation
        limit = (operation.rules.body_limit if operation else None) or self._body_limit
        announced = exchange.headers.get(b"content-length")
        if announced is not None and (not announced.isdigit() or int(announced) > limit):
            exchange.refusal = _too_large(limit)
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                if taken > limit:
                    raise _too_large(limit)
            return message

        return counted


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body may have {limit} bytes.")


async def read_body(exchange: Exchange, receive: Receive) -> bytes:
    """The whole body, read once. The counting `receive` keeps it within the route's bound.

    Raises `BadRequest` when it does not arrive within `BODY_WITHIN` seconds or its connection ends.
    """
    if exchange.body is None:
        try:
            async with asyncio.timeout(BODY_WITHIN):
                exchange.body = await _whole(receive)
        except TimeoutError as error:
            raise BadRequest(f"The body did not arrive within {BODY_WITHIN:.0f} s.") from error
    return exchange.body


async def _whole(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("The connection ended within the body.")
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


def check_json(body: bytes, *, max_depth: int, max_members: int) -> None:
    """Refuse what is no JSON, or is nested or populated past the bounds (400).

    NaN, infinities, numbers beyond a double and lone surrogates are no JSON here: further in they would fail late.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedJson(f"The body is not valid JSON: {error.msg} at character {error.pos}.") from error
    members = 0
    level: list[Any] = [value] if isinstance(value, dict | list) else []
    for _ in range(max_depth):
        below: list[Any] = []
        for item in level:
            children: Iterable[Any] = item.values() if isinstance(item, dict) else item
            members += len(item)
            if isinstance(item, dict) and len(item) > MAX_KEYS:
                raise _unbounded(f"An object of the body may have {MAX_KEYS} members.")
            if members > max_members:
                raise _unbounded(f"The body may have {max_members} members and elements.")
            below.extend(child for child in children if isinstance(child, dict | list))
        if not below:
            return
        level = below
    raise _unbounded(f"The body may be nested {max_depth} levels deep.")


def _unbounded(sentence: str) -> MalformedJson:
    return MalformedJson(sentence, errors=[FieldError("JSON_TOO_COMPLEX", sentence)])
