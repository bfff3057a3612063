"""One call out, bounded in time and in what is read of its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

HEAD_LIMIT = 16_384


async def post(url: str, headers: Mapping[str, str], body: bytes, within: float) -> int:
    """The status of the answer. Raises `OSError` (a timeout is one), `ValueError` for what is no answer."""
    split = urlsplit(url)
    secure = split.scheme == "https"
    port = split.port or (443 if secure else 80)
    async with asyncio.timeout(within):
        reader, writer = await asyncio.open_connection(split.hostname, port, ssl=secure or None, limit=HEAD_LIMIT)
        try:
            writer.write(_request(url, headers, body))
            await writer.drain()
            return _status(await reader.readuntil(b"\r\n\r\n"))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise ValueError("the answer has no head") from error
        finally:
            writer.close()


def _request(url: str, headers: Mapping[str, str], body: bytes) -> bytes:
    split = urlsplit(url)
    target = (split.path or "/") + (f"?{split.query}" if split.query else "")
    all_headers = {
        "Host": split.netloc.rpartition("@")[2],
        "Connection": "close",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **headers,
    }
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in all_headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def _status(head: bytes) -> int:
    protocol, _, rest = head.partition(b" ")
    if not protocol.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise ValueError("the answer is not one of HTTP/1")
    return int(rest[:3])
