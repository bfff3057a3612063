"""How a WebSocket passes the same gate as every request: its handshake is an HTTP request that asks for more.

So it has a request id, is identified, limited, logged and refused like any other; what refuses it is a plain answer to
the handshake. Only the operation at `/ws` takes it up.
"""

from collections.abc import Awaitable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATH = "/ws"
KEY = "esteio.handshake"
NO_METHOD = "WEBSOCKET"
"""What an address is asked by that takes no sockets: it has no such method."""


class Handshake:
    """A socket that was not taken up yet."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send

    async def answer(self, message: Message) -> None:
        """The `send` of the gate: a beginning with 101 takes the socket up, anything else refuses the upgrade."""
        if message.get("status") == 101:
            await self.receive()  # websocket.connect
            await self.send({"type": "websocket.accept", "headers": message["headers"]})
        elif "websocket.http.response" in self.scope.get("extensions", {}):
            await self.send({**message, "type": "websocket." + message["type"]})
        elif message["type"] == "http.response.start":
            await self.send({"type": "websocket.close", "code": 1008})


class Sockets:
    """Turns the scope of a WebSocket into that of its handshake."""

    def __init__(self, gate: ASGIApp) -> None:
        self._gate = gate

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        handshake = Handshake(scope, receive, send)
        asked: dict[str, Any] = {
            **scope,
            "type": "http",
            "method": "GET" if scope["path"] == PATH else NO_METHOD,
            "scheme": "https" if scope["scheme"] == "wss" else "http",
            KEY: handshake,
        }
        return self._gate(asked, _no_body, handshake.answer)


async def _no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
