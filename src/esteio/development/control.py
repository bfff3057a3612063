"""Calls to the control ports: bounded in time and size, and never while a transaction is open."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import orjson

from esteio.base.errors import Invalid, NotFound
from esteio.db.openness import in_transaction
from esteio.development.errors import StandInSilent
from esteio.development.places import Place

CONNECT, WHOLE = 1.0, 8.0
"""Seconds."""
CONNECTIONS = 16
LARGEST = 50_331_648
"""Bytes: the largest mail that the server takes fits."""
AGAIN = 2
"""Seconds after which `esteio up` may have started again what died."""


class Control:
    """What the API asks of the stand-ins. `open()` before the first call, `close()` after the last."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None

    async def open(self) -> None:
        # No proxy of the environment, no redirect: only the loopback address is called.
        self._client = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(WHOLE, connect=CONNECT),
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=0),
        )

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def ask(self, place: Place, path: str = "", /, **query: str) -> Any:
        """What it tells, read from JSON. Raises `StandInSilent`, `NotFound`."""
        return _read(await self.send(place, "GET", path, query))

    async def tell(self, place: Place, method: str, path: str = "", told: Any = None, /, **query: str) -> Any:
        """Its answer to what it is told. Raises `StandInSilent`, `NotFound`, `Invalid`."""
        return _read(await self.send(place, method, path, query, orjson.dumps(told) if told is not None else b""))

    async def send(
        self, place: Place, method: str, path: str, query: Mapping[str, str] | None = None, content: bytes = b""
    ) -> bytes:
        """The bytes of its answer. `path` is below the control's address, its segments already encoded."""
        if in_transaction():
            raise RuntimeError(f"{place.name} is called within a transaction: call it before or after")
        assert self._client is not None, "it was not opened"
        try:
            async with asyncio.timeout(WHOLE):
                request = self._client.build_request(method, place.control + path, params=query, content=content)
                return await self._whole(request)
        except (httpx.HTTPError, TimeoutError) as error:
            words = f"{place.title} is played here, and its control does not answer: see its log, and try again."
            raise StandInSilent(words, retry_after=AGAIN, operator=f"{type(error).__name__}: {error}") from error

    async def _whole(self, request: httpx.Request) -> bytes:
        assert self._client is not None
        answer = await self._client.send(request, stream=True)
        try:
            body = bytearray()
            async for piece in answer.aiter_raw():
                body += piece
                if len(body) > LARGEST:
                    raise httpx.DecodingError(f"more than {LARGEST} bytes", request=request)
        finally:
            await answer.aclose()
        if answer.status_code >= 400:
            raise _refusal(answer.status_code, bytes(body))
        return bytes(body)


def _read(body: bytes) -> Any:
    try:
        return orjson.loads(body) if body else None
    except orjson.JSONDecodeError as error:
        raise StandInSilent(retry_after=AGAIN, operator=f"no JSON: {error}") from error


def _refusal(status: int, body: bytes) -> Exception:
    try:
        words = str(orjson.loads(body)["error"]).removeprefix("this cannot be read: ").rstrip(".")[:500]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        words = ""
    if status == 404:
        return NotFound("The stand-in has nothing of this name.")
    if status == 422:
        return Invalid(f"The stand-in does not take this: {words}.")
    return StandInSilent(retry_after=AGAIN, operator=f"status {status}: {words}")
