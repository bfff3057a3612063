"""HTTP/1.1 as little as a stand-in needs it, written by hand: its faults break what a server's library would mend."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

PHRASES = {one.value: one.phrase for one in HTTPStatus}
HEAD_LIMIT = 65_536
BODY_LIMIT = 4_194_304
JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"


class Unreadable(Exception):
    """What came is no request that can be read."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; the path is decoded, of a repeated parameter the last one counts, header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The body read as JSON; an empty one is an empty object. Raises `ValueError`."""
        return json.loads(self.body) if self.body else {}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int = 200
    body: bytes = b""
    media: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    def head(self, length: int | None) -> bytes:
        """Status line and headers; without a length the body follows in chunks."""
        size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        phrase = PHRASES.get(self.status, "Unknown")
        lines = [f"HTTP/1.1 {self.status} {phrase}", f"Content-Type: {self.media}", size]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def written(value: Any, status: int = 200) -> Answer:
    """The value as JSON."""
    return Answer(status, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


async def read_request(reader: asyncio.StreamReader, body_limit: int = BODY_LIMIT) -> Request | None:
    """The next request of a connection, None at its end. Raises `Unreadable`."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial.strip():
            raise Unreadable("it ends in its head") from error
        return None
    except asyncio.LimitOverrunError as error:
        raise Unreadable("its head is too long") from error
    first, *rest = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, _, place = first.partition(" ")
    target, _, protocol = place.rpartition(" ")
    if not target.startswith("/") or not protocol.startswith("HTTP/1."):
        raise Unreadable("its first line is not one of HTTP/1")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    split = urlsplit("//host" + target)
    query = dict(parse_qsl(split.query, keep_blank_values=True))
    return Request(method, unquote(split.path), query, headers, await _body(reader, headers, body_limit))


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str], limit: int) -> bytes:
    if "transfer-encoding" in headers:
        raise Unreadable("bodies in chunks are not read")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > limit:
        raise Unreadable("its length is not acceptable")
    try:
        return await reader.readexactly(int(length))
    except asyncio.IncompleteReadError as error:
        raise Unreadable("it ends in its body") from error
