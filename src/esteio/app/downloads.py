"""Files by their signed links: whole or a range, as a stream, for as long as the link holds."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from esteio.base.errors import NotFound
from esteio.base.principal import Principal
from esteio.files.errors import FileGone, RangeNotSatisfiable
from esteio.files.files import Files
from esteio.files.links import Ticket
from esteio.files.records import FoundFile, find
from esteio.http.etags import matches
from esteio.http.exchange import exchange_of
from esteio.http.house import House, house_of
from esteio.http.ranges import Unsatisfiable, asked_span
from esteio.http.rules import rules
from esteio.limits.policy import Policy

STALLED = 30.0
"""Seconds within which a client takes the next piece; one that takes none holds a file open for nobody."""

LIMITS = (Policy("files.download", quota=120, window=60, per="address"),)
PUBLIC = frozenset({"GET /api/v2/files/{token}"})

router = APIRouter(prefix="/files", tags=["files"])

_BYTES = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


class FileResponse(Response):
    """The bytes of a file, or of a span of it, given as they are taken."""

    def __init__(
        self, pieces: AsyncGenerator[bytes, None], headers: dict[str, str], *, status: int, files: Files
    ) -> None:
        super().__init__(status_code=status, headers=headers)
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


@router.get(
    "/{token}",
    summary="Download a file",
    response_class=Response,
    responses={
        200: {"description": "The file", **_BYTES},
        206: {"description": "The bytes that Range asked for", **_BYTES},
    },
)
@rules(limits=("default",), anonymous_limits=("files.download",), errors=(404, 410, 416), streams=True)
async def download(
    request: Request, token: Annotated[str, Path(max_length=200, description="The link's token")]
) -> Response:
    """A link is its own permission and holds for a time; then it is answered 410, and its task shows a new one.

    `Range` asks for a part, so that a download that broke off can go on. Credentials are not needed; those of another
    tenant make the link unknown.
    """
    house, exchange = house_of(request), exchange_of(request.scope)
    files = house.resources.files
    ticket = files.links.read(token)
    if not _may_use(exchange.principal, ticket):
        raise NotFound
    file = await _living(house, ticket)
    etag = f'"{file.sha256}"'
    headers = _headers(file, etag)
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
    pieces = files.store.read(file.key, start, end) if end > start else _nothing()
    return FileResponse(pieces, headers, status=206 if span else 200, files=files)


def _may_use(caller: Principal, ticket: Ticket) -> bool:
    """Whoever has the link, unless they say that they are of another tenant."""
    return caller.anonymous or caller.tenant == ticket.tenant


async def _living(house: House, ticket: Ticket) -> FoundFile:
    """The file. Once it or the link is over that is said: only who was given the link can hear it."""
    now = house.clock.now()
    if ticket.until <= now:
        raise FileGone("The link's time is over: read the task again for a new one.")
    try:
        file = await find(house.database, ticket.tenant, ticket.file)
    except NotFound as error:
        raise FileGone from error
    if file.deleted_at is not None or file.expires_at <= now:
        raise FileGone
    return file


def _headers(file: FoundFile, etag: str) -> dict[str, str]:
    return {
        "content-type": file.media_type,
        "content-disposition": disposition(file.name),
        "accept-ranges": "bytes",
        "etag": etag,
        "cache-control": "private, no-store",
    }


def disposition(name: str) -> str:
    """A file to be saved under a name (RFC 6266): as it is for new clients, in plain letters for old ones."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%;' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


async def _nothing() -> AsyncGenerator[bytes, None]:
    none: tuple[bytes, ...] = ()
    for piece in none:
        yield piece
