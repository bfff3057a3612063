"""Getting the documents that issuers publish."""

import json
from collections.abc import Iterable
from typing import Any

import httpx

from esteio.upstream.backend import GuardedBackend
from esteio.upstream.failures import Broken, Encoded, Failing, TooLarge
from esteio.upstream.guard import Guard
from esteio.upstream.names import SystemResolver
from esteio.upstream.settings import UpstreamSettings
from esteio.upstream.transport import GuardedTransport, no_cookies, trusting

LARGEST = 262_144
OK = 200


class Documents:
    """Over guarded connections, one for each call. Nothing is opened before the first.

    `hosts` are those that the operator has named, which may be called wherever their names lead; another one, which an
    issuer's metadata has named, has to be public. No redirect is followed, no cookie kept, no proxy used.
    """

    def __init__(self, hosts: Iterable[str], settings: UpstreamSettings) -> None:
        allowed = (*settings.allowed_hosts, *(host.lower() for host in hosts))
        self._guard = Guard(settings.model_copy(update={"allowed_hosts": allowed}))
        self._settings = settings
        self._resolver = SystemResolver()
        self._client: httpx.AsyncClient | None = None

    async def get(self, url: str) -> Any:
        """What the JSON at the address says. The caller bounds the time.

        Raises `CallFailed`, `UrlRefused`, and `ValueError` for what is not JSON.
        """
        asked = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "esteio"}
        try:
            async with self._open().stream("GET", self._guard.url(url), headers=asked) as answer:
                body = await _body(answer)
        except (httpx.HTTPError, OSError) as error:
            raise Broken(f"{type(error).__name__}: {error}") from error
        try:
            return json.loads(body)
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error

    async def close(self) -> None:
        """Drop every connection."""
        if self._client is not None:
            await self._client.aclose()
        self._resolver.close()

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            backend = GuardedBackend(self._guard, self._resolver, seconds=self._settings.connect_timeout)
            self._client = httpx.AsyncClient(
                transport=GuardedTransport(backend, trusting(self._settings.ca_file)),
                timeout=self._settings.total_timeout,
                cookies=no_cookies(),
                trust_env=False,
                follow_redirects=False,
            )
        return self._client


async def _body(answer: httpx.Response) -> bytes:
    if answer.status_code != OK:
        raise Failing(answer.status_code, None)
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise Encoded
    body = bytearray()
    async for part in answer.aiter_raw():
        body += part
        if len(body) > LARGEST:
            raise TooLarge(f"more than {LARGEST} bytes came")
    return bytes(body)
