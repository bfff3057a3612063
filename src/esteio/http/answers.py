"""Answers: the resource's bytes, wrapped in the v2 envelope or plain in v1, with tag, links and headers.

`timestamp` and `request_id` differ per answer, the rest is the resource. So the resource is written once, its tag
covers it alone, and a cached one is spliced between a fresh head and tail.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import quote, urlsplit
from uuid import UUID

import orjson
from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from esteio.http.coding import compressed, named_tag
from esteio.http.exchange import Exchange, Headers, exchange_of
from esteio.telemetry.context import current

JSON: tuple[bytes, bytes] = (b"content-type", b"application/json")
VARY: tuple[bytes, bytes] = (b"vary", b"Authorization, X-API-Key, Accept, Accept-Encoding")
REVALIDATE = "private, no-cache"
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z


@dataclass(frozen=True, slots=True)
class Link:
    """An address that the answer leads to; `href` begins at the root of the public URL."""

    href: str
    rel: str
    method: str = "GET"


def dumps(value: Any) -> bytes:
    """JSON bytes of plain values, models, dataclasses, UUIDs and times (UTC as `Z`)."""
    return orjson.dumps(value, default=_plain, option=_OPTIONS)


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        # The driver's own subclass, which orjson does not know.
        return str(value)
    if isinstance(value, BaseModel):
        return dict(value)
    if isinstance(value, Decimal):
        return str(value)  # a JSON number would be read as a binary fraction
    raise TypeError(f"{type(value).__name__} has no place in an answer")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where what is answered comes from, and since when it is so: `X-Cache` and `Age` (RFC 9111 section 5.1).

    `state` is HIT (kept before), MISS (fetched for this answer), STALE or FALLBACK (nothing fresher was to be had);
    `at` an instant of the epoch in seconds.
    """

    state: Literal["HIT", "MISS", "STALE", "FALLBACK"]
    at: float

    def fields(self, now: float) -> "Headers":
        """The header fields of an answer at an instant of the epoch."""
        return [(b"x-cache", self.state.encode()), (b"age", b"%d" % max(0, int(now - self.at)))]


@dataclass(slots=True)
class Resource:
    """What an answer says, apart from the request it answers: this is what may be cached or stored for a replay.

    `keep` bounds in seconds how long it may be kept where its operation declares `cached`; `note` is for the manner.
    """

    data: bytes
    etag: str | None = None
    links: bytes = b"[]"
    meta: bytes = b"{}"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    status: int = 200
    origin: Origin | None = None
    keep: float | None = None
    note: Any = None

    def size(self) -> int:
        return len(self.data) + len(self.links) + len(self.meta) + 400


class Answer(Response):
    """A successful answer. In v2 it is enveloped, elsewhere it is the data alone.

    data: bytes of JSON, or anything that orjson writes. etag: quoted strong tag. links, meta: envelope members; links
    also become the `Link` header (RFC 8288). location: of what was created, a path of the house. origin, keep, note: as
    of `Resource`.
    """

    def __init__(
        self,
        data: Any = None,
        *,
        status: int = 200,
        etag: str | None = None,
        links: Sequence[Link] = (),
        meta: Mapping[str, Any] | None = None,
        location: str | None = None,
        cache_control: str = REVALIDATE,
        headers: Mapping[str, str] | None = None,
        origin: Origin | None = None,
        keep: float | None = None,
        note: Any = None,
    ) -> None:
        self.status_code = status
        self.background = None
        listed: Headers = [(b"cache-control", cache_control.encode()), VARY]
        if etag:
            listed.append((b"etag", etag.encode()))
        context = current.get()
        exchange = context if isinstance(context, Exchange) else None
        if location:
            listed.append((b"location", _reached(location, exchange).encode()))
        if links:
            listed.append((b"link", link_header(links, exchange.base if exchange else "")))
        for name, value in (headers or {}).items():
            listed.append((name.lower().encode(), value.encode("latin-1")))
        self.resource = Resource(
            data=data if isinstance(data, bytes) else dumps(data),
            etag=etag,
            links=dumps(links) if links else b"[]",
            meta=dumps(meta) if meta else b"{}",
            headers=tuple(listed),
            status=status,
            origin=origin,
            keep=keep,
            note=note,
        )
        self.raw_headers = [*listed]
        self.body = self.resource.data
        if exchange is not None:
            # The transaction that is about to commit stores it with the Idempotency-Key.
            exchange.answer = self.resource

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_resource(self.resource, exchange_of(scope), scope["app"].state.house.envelope)


class NoContent(Answer):
    """204: it is done and there is nothing to show."""

    def __init__(self) -> None:
        super().__init__(b"", status=204, cache_control="no-store")


def _reached(location: str, exchange: Exchange | None) -> str:
    """A path as callers reach it: a deployment may stand below a path, which its proxy takes away."""
    if exchange is None or not location.startswith("/"):
        return location
    return urlsplit(exchange.base).path.rstrip("/") + location


def link_header(links: Sequence[Link], base: str) -> bytes:
    """The links below the public base as an RFC 8288 field value; what would end a reference is percent-encoded."""
    return ", ".join(f'<{base}{quote(link.href, safe=_URI)}>; rel="{link.rel}"' for link in links).encode()


_URI = "%:/?#[]@!$&'()*+,;=~-._"


class Envelope:
    """Writes the head and tail of a v2 body around the resource's bytes."""

    def __init__(self, version: str, stamp: Callable[[], bytes], now: Callable[[], float] = time.time) -> None:
        self.now = now
        self._head = b'{"success":true,"version":"' + version.encode() + b'","timestamp":"'
        self._stamp = stamp

    def wrap(self, resource: Resource, exchange: Exchange) -> bytes:
        warnings = dumps(exchange.warnings) if exchange.warnings else b"[]"
        return b"".join(
            (
                self._head,
                self._stamp(),
                b'","request_id":"',
                exchange.request_id.encode(),
                b'","data":',
                resource.data,
                b',"errors":[],"warnings":',
                warnings,
                b',"links":',
                resource.links,
                b',"meta":',
                resource.meta,
                b"}",
            )
        )


def send_resource(resource: Resource, exchange: Exchange, envelope: Envelope) -> Awaitable[None]:
    """Send the resource, or 304 when the caller already has it. A 304 costs no quota."""
    if resource.origin is not None:
        exchange.added += resource.origin.fields(envelope.now())
    condition = exchange.headers.get(b"if-none-match")
    had = None if condition is None else _had(condition, resource, exchange)
    if had is not None:
        if exchange.charge is not None:
            exchange.charge.give_back()
        return exchange.reply(304, [(name, had if name == b"etag" else value) for name, value in resource.headers])
    if resource.status == 204:
        return exchange.reply(204, resource.headers)
    operation = exchange.operation
    body = envelope.wrap(resource, exchange) if operation and operation.version == "v2" else resource.data
    headers = resource.headers
    accepted = exchange.headers.get(b"accept-encoding")
    if accepted is not None:
        headers, body = compressed(headers, body, accepted)
    return exchange.reply(resource.status, (JSON, *headers), body)


def _had(condition: bytes, resource: Resource, exchange: Exchange) -> bytes | None:
    """The tag under which the caller already has what would be sent."""
    if resource.etag is None or resource.status != 200 or exchange.method not in ("GET", "HEAD"):
        return None
    tag = named_tag(condition, resource.etag)
    return None if tag is None else tag.encode()
