"""uvicorn's HTTP protocol, with a shorter way for whole answers and one timer a connection.

uvicorn makes a task for every request, looks at every header of its answer with two regular expressions, writes head
and body apart, and sets and removes a timer: together that costs more than the whole gate. Here the gate is called as
the request is parsed, and what it answers without waiting (from the cache, 304, refusals) needs no task. A head that
announces its length is joined at once, looked at as a whole, and leaves together with its body: the same bytes on the
wire. Everything else goes uvicorn's way.
"""

import math
from contextvars import copy_context
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from esteio.http.exchange import BODILESS, Headers, Reply

MAX_HEAD = 65_536
"""Bytes of a request's address and headers; the parser itself would take in any number."""

_FRAMING = (b"transfer-encoding", b"connection")


class Protocol(HttpToolsProtocol):
    """For `uvicorn.Config(http=Protocol)`. Header names come in lower case, as ASGI demands."""

    farewell = False
    """Set once the process is ending: every answer is its connection's last and says so."""

    idle_since = math.inf
    in_head = False
    head_bytes = 0

    def data_received(self, data: bytes) -> None:
        self.idle_since = math.inf
        super().data_received(data)
        if self.in_head:
            self.head_bytes += len(data)
            if self.head_bytes > MAX_HEAD and not self.transport.is_closing():
                self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        self.in_head, self.head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self.in_head = False
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()

    def handle_websocket_upgrade(self) -> None:
        """The connection is another protocol's from now on."""
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
        super().handle_websocket_upgrade()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            # A task, so that a thousand requests sent ahead are not a thousand frames on the stack.
            cycle, app = self.pipeline.pop()
            cycle.__class__ = _Cycle
            super()._start_asgi_task(cycle, app)
            return
        self.idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._watch(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that was idle all the time; look again later at one that was not."""
        left = self.idle_since + self.timeout_keep_alive - self.loop.time()
        if left <= 0:
            super().timeout_keep_alive_handler()
        else:
            self._watch(min(left, self.timeout_keep_alive))

    def _watch(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _unset_keepalive_if_required(self) -> None:
        """The timer goes on; what it finds is decided by `idle_since`."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Let the gate look at the request; what it cannot answer without waiting becomes a task."""
        cycle.__class__ = _Cycle
        context = copy_context()
        answering = context.run(app, cycle.scope, cycle.receive, cycle.send)
        if type(answering) is not Reply or not cycle.write(answering):  # type: ignore[attr-defined]
            context.run(super()._start_asgi_task, cycle, lambda *_: answering)


class _Cycle(RequestResponseCycle):
    """One request and its answer, whose head is held until the body comes."""

    held = b""

    async def send(self, message: Any) -> None:
        if not self.response_started:
            if message["type"] == "http.response.start" and self._hold(message["status"], message["headers"]):
                return
        elif self.held and self._release(message.get("body", b""), message.get("more_body", False)):
            return
        await super().send(message)

    def write(self, reply: Reply) -> bool:
        """Write a whole answer now. `False`, and nothing written, when it has to go the long way."""
        if self.flow.write_paused or self.disconnected or not self._may_hold():
            return False
        self._leave(self._head(reply.status, reply.headers), reply.body)
        return True

    def _hold(self, status: int, headers: Headers) -> bool:
        """Keep the head until its body comes. `False` for an answer that is framed in another way."""
        length = 0 if status in BODILESS else None
        for name, value in headers:
            if name == b"content-length":
                length = int(value)
            elif name in _FRAMING:
                return False
        if length is None or not self._may_hold():
            return False
        self.held, self.expected_content_length = self._head(status, headers), length
        self.response_started, self.waiting_for_100_continue, self.chunked_encoding = True, False, False
        return True

    def _release(self, body: bytes, more: bool) -> bool:
        """Send head and body together. `False` when uvicorn shall send the body, because there is more to it."""
        head, self.held = self.held, b""
        if more or len(body) != self.expected_content_length or self.flow.write_paused or self.disconnected:
            if not self.disconnected:
                self.transport.write(head)
            return False
        self._leave(head, body)
        return True

    def _may_hold(self) -> bool:
        if Protocol.farewell:
            self.keep_alive = False
        return self.keep_alive and self.scope["method"] != "HEAD"

    def _head(self, status: int, headers: Headers) -> bytes:
        lines = [*self.default_headers, *headers]
        head = STATUS_LINE[status] + b"\r\n".join(map(b": ".join, lines)) + b"\r\n\r\n"
        if head.count(b"\n") != len(lines) + 2 or head.count(b"\r") != len(lines) + 2:
            raise RuntimeError("a header of the answer holds a line break")
        return head

    def _leave(self, head: bytes, body: bytes) -> None:
        self.transport.write(head + body)
        self.response_started = self.response_complete = True
        self.message_event.set()
        self.on_response()
