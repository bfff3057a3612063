"""A stored file as an answer: whole or a range, as a stream, with its digest as ETag."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from esteio.files.errors import RangeNotSatisfiable
from esteio.files.files import Files
from esteio.files.records import FoundFile
from esteio.http.etags import matches
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.ranges import Unsatisfiable, asked_span

STALLED = 30.0
"""Seconds within which a client takes the next piece; one that takes none holds a file open for nobody."""

UNKEPT = "private, no-store"

BYTES = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", **BYTES},
    206: {"description": "The bytes that Range asked for", **BYTES},
}
"""The `responses` of a route that answers so."""


def stored_file(request: Request, file: FoundFile, *, inline: bool = False, cache: str = UNKEPT) -> Response:
    """The file, for GET and HEAD, by what `Range`, `If-Range` and `If-None-Match` ask; whether it may be had is for
    the caller to have judged.

    inline: for the browser to show rather than to save; only for media types that run nothing. cache: Cache-Control.
    The route declares `rules(streams=True)`. Raises `RangeNotSatisfiable`.
    """
    exchange = exchange_of(request.scope)
    etag = f'"{file.sha256}"'
    headers = _headers(file, etag, inline=inline, cache=cache)
    condition = exchange.headers.get(b"if-none-match")
    if condition is not None and matches(condition, etag, weak=True):
        return Response(status_code=304, headers={name: headers[name] for name in ("etag", "cache-control")})
    try:
        span = asked_span(exchange.headers, file.size, etag)
    except Unsatisfiable as error:
        raise RangeNotSatisfiable(headers={"Content-Range": f"bytes */{file.size}"}) from error
    start, end = span or (0, file.size)
    headers["content-length"] = str(end - start)
    if span is not None:
        headers["content-range"] = f"bytes {start}-{end - 1}/{file.size}"
    files = house_of(request).resources.files
    pieces = files.store.read(file.key, start, end) if end > start else _nothing()
    return FileResponse(pieces, headers, status=206 if span else 200, files=files)


class FileResponse(Response):
    """The bytes of a file, of a span of it, or of what is built while it is sent, given as they are taken."""

    def __init__(
        self, pieces: AsyncGenerator[bytes, None], headers: dict[str, str], *, status: int, files: Files
    ) -> None:
        super().__init__(status_code=status, headers=headers)
        if "content-length" not in headers:
            # Its length is known when it has been sent; without a body at hand it was taken for empty.
            del self.headers["content-length"]
        self._pieces = pieces
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": b""})
            return
        with self._files.downloading():
            async with aclosing(self._pieces):
                await self._stream(receive, send)

    async def _stream(self, receive: Receive, send: Send) -> None:
        # Asked for before anything is said: a store that is down is still a 503 here.
        first = await anext(self._pieces, b"")
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await self._give(first, leaving, send)
        finally:
            leaving.cancel()

    async def _give(self, first: bytes, leaving: "asyncio.Future[None]", send: Send) -> None:
        piece = first
        while piece and not leaving.done():
            async with asyncio.timeout(STALLED):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = await anext(self._pieces, b"")
        await send({"type": "http.response.body", "body": b""})


async def _left(receive: Receive) -> None:
    """Returns when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _headers(file: FoundFile, etag: str, *, inline: bool, cache: str) -> dict[str, str]:
    return {
        "content-type": file.media_type,
        "content-disposition": disposition(file.name, inline=inline),
        "accept-ranges": "bytes",
        "etag": etag,
        "cache-control": cache,
    }


def disposition(name: str, *, inline: bool = False) -> str:
    """A file under a name (RFC 6266): as it is for new clients, in plain letters for old ones."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%;' else "_" for c in name)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


async def _nothing() -> AsyncGenerator[bytes, None]:
    none: tuple[bytes, ...] = ()
    for piece in none:
        yield piece
