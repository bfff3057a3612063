"""A real server that answers as its path says, well or badly, and remembers what it was sent."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

HUGE = 50_000_000


@dataclass(frozen=True)
class Request:
    """What came: where, with which header fields (lower case), with which bytes, and when."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float


class Receiver(ThreadingHTTPServer):
    """Listens on loopback. `statuses` are answered first, one a request; after them the path decides."""

    daemon_threads = True
    request_queue_size = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[Request] = []
        self.statuses: list[int] = []
        self.released = threading.Event()
        self.gate = threading.Event()
        self.connections = 0
        self.sent = 0

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that goes away is what these servers are for."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def url(self, path: str = "/ok", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def to(self, path: str) -> list[Request]:
        """What came for one path, in the order in which it came."""
        return [request for request in list(self.requests) if request.path == path]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        expected = int(self.headers.get("content-length", 0))
        body = self.rfile.read(expected)
        if len(body) < expected:  # its sender is gone
            self.close_connection = True
            return
        fields = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append(Request(self.path, fields, body, time.time()))
        if self.server.statuses:
            self._answer(self.server.statuses.pop(0))
            return
        kind, _, rest = self.path.lstrip("/").partition("/")
        _WAYS.get(kind, _Handler._ok)(self, rest)

    do_GET = do_POST

    def _answer(self, status: int, body: bytes = b"so be it", **fields: str) -> None:
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _ok(self, _: str) -> None:
        self._answer(200)

    def _status(self, number: str) -> None:
        status, _, after = number.partition("/")
        self._answer(int(status), **({"retry_after": unquote(after)} if after else {}))

    def _redirect(self, target: str) -> None:
        self._answer(302, location="/" + target)

    def _away(self, target: str) -> None:
        self._answer(302, location=unquote(target))

    def _cookie(self, _: str) -> None:
        self._answer(200, set_cookie="kept=yes; Path=/")

    def _html(self, number: str) -> None:
        self._answer(int(number), b"<html>go away</html>", content_type="text/html")

    def _held(self, _: str) -> None:
        """Answers once the gate is open."""
        self.server.gate.wait(60)
        self._answer(200)

    def _held_500(self, _: str) -> None:
        self.server.gate.wait(60)
        self._answer(500)

    def _truncated(self, _: str) -> None:
        self.send_response(200)
        self.send_header("content-length", "1000")
        self.end_headers()
        self.wfile.write(b'{"half": ')
        self._close("")

    def _endless(self, _: str) -> None:
        """A body of unknown length that is larger than anybody wants."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for _part in range(HUGE // 10_000):
            self.wfile.write(b"2710\r\n" + b"h" * 10_000 + b"\r\n")
            self.server.sent += 10_000

    def _hang(self, _: str) -> None:
        self.server.released.wait(60)

    def _headers_drip(self, _: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        self._drip(b"x-more: and more\r\n")

    def _body_drips(self, _: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        self._drip(b"1\r\nx\r\n")

    def _drip(self, drop: bytes) -> None:
        while not self.server.released.wait(0.05):
            self.wfile.write(drop)

    def _huge(self, _: str) -> None:
        self.send_response(200)
        self.send_header("content-length", str(HUGE))
        self.end_headers()
        for _part in range(HUGE // 10_000):
            self.wfile.write(b"h" * 10_000)
            self.server.sent += 10_000

    def _large_head(self, _: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(100_000):
            self.wfile.write(b"x-%d: %s\r\n" % (number, b"y" * 100))
            self.server.sent += 100

    def _bomb(self, _: str) -> None:
        self._answer(200, gzip.compress(b"0" * 20_000_000), content_encoding="gzip")

    def _close(self, _: str) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _garbage(self, _: str) -> None:
        self.wfile.write(b"\x00\x01 this is no HTTP\r\n\r\n")
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


_WAYS: dict[str, Callable[[_Handler, str], None]] = {
    "status": _Handler._status,
    "redirect": _Handler._redirect,
    "away": _Handler._away,
    "cookie": _Handler._cookie,
    "html": _Handler._html,
    "held": _Handler._held,
    "held-500": _Handler._held_500,
    "truncated": _Handler._truncated,
    "endless": _Handler._endless,
    "hang": _Handler._hang,
    "headers-drip": _Handler._headers_drip,
    "body-drips": _Handler._body_drips,
    "huge": _Handler._huge,
    "large-head": _Handler._large_head,
    "bomb": _Handler._bomb,
    "close": _Handler._close,
    "garbage": _Handler._garbage,
}


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver until the block ends; then those that hang are let go."""
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.gate.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
