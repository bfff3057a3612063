"""Calls to URLs that callers of the house have named."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic

import httpx

from esteio.upstream.backend import GuardedBackend
from esteio.upstream.failures import Broken, TookTooLong
from esteio.upstream.guard import Guard, UrlRefused
from esteio.upstream.names import Resolver, SystemResolver
from esteio.upstream.settings import UpstreamSettings
from esteio.upstream.spans import answered, outgoing
from esteio.upstream.transport import GuardedTransport, no_cookies, trusting

MOST_READ = 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: `body` is its first bytes as they came, never decompressed; `milliseconds` until it was had."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    milliseconds: int


@dataclass
class Egress:
    """One per process; nothing is opened before the first call.

    No proxy of the environment is used, no redirect followed, no connection kept. An address that is not public is
    refused when it is connected to, for every connection anew.
    """

    settings: UpstreamSettings = field(default_factory=UpstreamSettings)
    resolver: Resolver = field(default_factory=SystemResolver)

    def __post_init__(self) -> None:
        self.guard = Guard(self.settings)
        self._client: httpx.AsyncClient | None = None

    @property
    def client(self) -> httpx.AsyncClient:
        """The guarded client itself, for who needs more of HTTP than `call`. It raises `CallFailed` too."""
        if self._client is None:
            backend = GuardedBackend(self.guard, self.resolver, seconds=self.settings.connect_timeout)
            self._client = httpx.AsyncClient(
                transport=GuardedTransport(backend, trusting(self.settings.ca_file)),
                timeout=self.settings.total_timeout,
                cookies=no_cookies(),
                trust_env=False,
                follow_redirects=False,
            )
        return self._client

    async def call(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes = b"", most: int = MOST_READ
    ) -> Reply:
        """The answer with at most so many bytes of its body; the rest is not waited for.

        Over within `total_timeout`, however slowly bytes drip. Raises `CallFailed`, and `UrlRefused` for a URL that
        cannot be called at all. What is traced goes on at the other side where the operator lets receivers of webhooks
        know of it.
        """
        target, began = self.guard.url(url), monotonic()
        with outgoing(method, target) as span:
            asked = {"accept-encoding": "identity", "accept": "*/*", **span.headers("webhook"), **headers}
            try:
                async with (
                    asyncio.timeout(self.settings.total_timeout),
                    self.client.stream(method, target, headers=asked, content=content) as answer,
                ):
                    answered(span, answer.status_code)
                    body = await _first_bytes(answer, most)
            except TimeoutError as error:
                raise TookTooLong(f"more than {self.settings.total_timeout} s") from error
            except (httpx.HTTPError, OSError) as error:
                raise Broken(f"{type(error).__name__}: {error}") from error
        milliseconds = round((monotonic() - began) * 1000)
        return Reply(answer.status_code, dict(answer.headers), body, milliseconds)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
        if isinstance(self.resolver, SystemResolver):
            self.resolver.close()


async def _first_bytes(answer: httpx.Response, most: int) -> bytes:
    read = bytearray()
    if most:
        async for part in answer.aiter_raw():
            read += part
            if len(read) >= most:
                break
    return bytes(read[:most])


__all__ = ["Egress", "Reply", "UrlRefused"]
