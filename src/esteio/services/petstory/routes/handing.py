"""An answer that knows when all of it was given."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send


class Handed(Response):
    """Another answer, with something to be done when the last byte of its body is about to leave.

    It is done before that byte, so that who has all of the body finds it done. An answer that breaks off before, or
    has no body, does nothing.
    """

    def __init__(self, answer: Response, then: Callable[[], Awaitable[None]]) -> None:
        super().__init__(status_code=answer.status_code)
        self.raw_headers = answer.raw_headers
        self._answer = answer
        self._then = then
        self._left = int(answer.headers.get("content-length", "0"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Message) -> None:
            if message["type"] == "http.response.body" and (body := message.get("body", b"")):
                self._left -= len(body)
                if self._left == 0:
                    await self._then()
            await send(message)

        await self._answer(scope, receive, counted)
