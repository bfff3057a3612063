"""uvicorn's WebSocket protocol with two additions: whole frames, and an end that does not wait for the other side.

A message to a thousand sockets is the same bytes on each of them, so it is framed once and written as it is, past the
state of each connection, which a whole unmasked text frame does not change. And a peer that takes nothing any more is
dropped, where a plain close would wait for it to take what was written before.
"""

import logging
from asyncio import Task
from functools import cache
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from esteio.realtime.settings import RealtimeSettings

FRAMES = "esteio.frames"
CLOSE_WITHIN = 5.0
"""Seconds between the farewell and the end of a connection whose peer does not answer it."""


class SocketProtocol(WebSocketsSansIOProtocol):
    """For `uvicorn.Config(ws=SocketProtocol)`. The scope offers `write_frame` among its extensions."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.logger = self.conn.logger = _quiet()
        self.close_timeout = CLOSE_WITHIN

    def write_frame(self, frame: bytes) -> bool:
        """Write it if the line is free; `False`, and nothing written, when it is not."""
        if self.close_sent or not self.writable.is_set() or self.transport.is_closing():
            return False
        self.transport.write(frame)
        return True

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][FRAMES] = self.write_frame  # type: ignore[assignment]

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close":
            self.writable.set()  # a farewell does not wait for its turn
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True  # it was refused, which uvicorn would take for forgotten

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()

    def on_task_complete(self, task: "Task[None]") -> None:
        super().on_task_complete(task)
        self.loop.call_later(CLOSE_WITHIN, self.transport.abort)


def socket_options(settings: RealtimeSettings) -> dict[str, Any]:
    """How uvicorn is to speak WebSocket. Compression is off: it would be done anew for each of a thousand sockets."""
    return {
        "ws": SocketProtocol,
        "ws_max_size": settings.message_bytes,
        "ws_ping_interval": settings.heartbeat_seconds,
        "ws_ping_timeout": settings.heartbeat_seconds,
        "ws_per_message_deflate": False,
    }


@cache
def _quiet() -> logging.Logger:
    """uvicorn tells of every connection with its whole address, where a ticket may stand; the access log does not."""
    logger = logging.getLogger("esteio.sockets")
    logger.setLevel(logging.WARNING)
    return logger
