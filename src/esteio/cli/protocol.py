"""uvicorn's HTTP protocol with a cheaper way out for whole answers.

uvicorn looks at every header of every answer with two regular expressions and writes head and body apart, which costs
more than most of the gate's steps. Here a head that announces its length is joined at once, looked at as a whole, and
leaves together with its body: the same bytes on the wire. Every other answer goes uvicorn's way.
"""

from types import MethodType
from typing import Any

from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

_BODILESS = (204, 304)
_FRAMING = (b"transfer-encoding", b"connection")


class Protocol(HttpToolsProtocol):
    """For `uvicorn.Config(http=Protocol)`. Header names come in lower case, as ASGI demands."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        cycle.send = MethodType(_send, cycle)  # type: ignore[method-assign]
        super()._start_asgi_task(cycle, app)


async def _send(cycle: Any, message: Message) -> None:
    if not cycle.response_started:
        if message["type"] == "http.response.start" and _hold(cycle, message):
            return
    elif cycle.expected_content_length is None and _release(cycle, message):
        return
    await RequestResponseCycle.send(cycle, message)


def _hold(cycle: Any, message: Message) -> bool:
    """Keep the head until its body comes. `False` for an answer that is framed in another way."""
    status, headers = message["status"], message["headers"]
    length = 0 if status in _BODILESS else None
    for name, value in headers:
        if name == b"content-length":
            length = int(value)
        elif name in _FRAMING:
            return False
    if length is None or not cycle.keep_alive or cycle.scope["method"] == "HEAD":
        return False
    lines = [b"%b: %b\r\n" % header for header in (*cycle.default_headers, *headers)]
    head = b"".join((STATUS_LINE[status], *lines, b"\r\n"))
    if head.count(b"\n") != len(lines) + 2 or head.count(b"\r") != len(lines) + 2:
        raise RuntimeError("a header of the answer holds a line break")
    cycle.held_head, cycle.held_length = head, length
    cycle.response_started, cycle.waiting_for_100_continue = True, False
    cycle.expected_content_length = None
    return True


def _release(cycle: Any, message: Message) -> bool:
    """Send head and body together. `False` when uvicorn shall send the body, because there is more to it."""
    body = message.get("body", b"")
    cycle.expected_content_length, cycle.chunked_encoding = cycle.held_length, False
    if message.get("more_body") or len(body) != cycle.held_length or cycle.flow.write_paused or cycle.disconnected:
        if not cycle.disconnected:
            cycle.transport.write(cycle.held_head)
        return False
    cycle.transport.write(cycle.held_head + body)
    cycle.response_complete = True
    cycle.message_event.set()
    cycle.on_response()
    return True
