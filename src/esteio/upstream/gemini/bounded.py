"""Answers of a bounded length. Imports the client's HTTP library: import it where the client is made."""

from collections.abc import AsyncIterator

import httpx2


class TooLong(httpx2.TransportError):
    """The answer went on past the bound and was not read further."""


class BoundedTransport(httpx2.AsyncBaseTransport):
    """Hands on no more than `most` bytes, whatever the sender says of the length; packed answers are refused.

    What the environment says of proxies does not count.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._inner = httpx2.AsyncHTTPTransport(trust_env=False, retries=0)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        # Packed answers could become any length on this side.
        request.headers["accept-encoding"] = "identity"
        answer = await self._inner.handle_async_request(request)
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            await answer.aclose()
            raise TooLong("the answer is packed, which was not asked for")
        assert isinstance(answer.stream, httpx2.AsyncByteStream)
        answer.stream = _Counted(answer.stream, self._most)
        return answer

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, most: int) -> None:
        self._stream = stream
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        total = 0
        async for piece in self._stream:
            total += len(piece)
            if total > self._most:
                raise TooLong("the answer is too long")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
