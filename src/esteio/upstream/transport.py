"""The way of an httpx client through guarded connections."""

import ssl
from collections.abc import AsyncIterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Self

import httpcore
import httpx

from esteio.upstream.failures import Broken, CallFailed, HandshakeFailed, TookTooLong

CONNECTIONS = 200


class GuardedTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 over a backend of ours, without proxies. Each call has a connection of its own unless `idle` is given.

    A connection that is kept, for so many idle seconds, outlives the check of where its name leads: that is for hosts
    that the operator has chosen.
    """

    def __init__(
        self, backend: httpcore.AsyncNetworkBackend, context: ssl.SSLContext, *, idle: float | None = None
    ) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=CONNECTIONS,
            max_keepalive_connections=0 if idle is None else CONNECTIONS,
            keepalive_expiry=idle,
            http1=True,
            http2=False,
            retries=0,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            answer = await self._pool.handle_async_request(asked)
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise _failure(error) from error
        return httpx.Response(
            status_code=answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions
        )

    async def __aenter__(self) -> Self:
        await self._pool.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    """What comes of the answer, as it comes."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._answer.aiter_stream():
                yield part
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise _failure(error) from error

    async def aclose(self) -> None:
        await self._answer.aclose()


def _failure(error: Exception) -> CallFailed:
    words = f"{type(error).__name__}: {error}"
    if isinstance(error, httpcore.TimeoutException):
        return TookTooLong(words)
    # To connect is the backend's work, which has failures of its own: what is left to fail there is TLS.
    return HandshakeFailed(words) if isinstance(error, httpcore.ConnectError) else Broken(words)


def trusting(ca_file: str) -> ssl.SSLContext:
    """TLS that is verified by the public authorities, and by those of a PEM file where one is named."""
    context = httpx.create_ssl_context(trust_env=False)
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


def no_cookies() -> CookieJar:
    """A jar that takes nothing in: httpx would send to a host what an earlier answer of it has set."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))
