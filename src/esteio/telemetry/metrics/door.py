"""The port of its own on which a server's figures are asked for: it passes no gate, and waits for no event loop."""

import gzip
import hmac
import io
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from esteio.base.errors import StartRefused
from esteio.telemetry.metrics.exposition import exposition
from esteio.telemetry.metrics.families import Family, published
from esteio.telemetry.punctual import Deadline, Punctual

PATH = "/metrics"
ALIVE = "/livez"
"""Tells nothing and asks for no token: what starts and stops containers has none to show."""

PATIENCE = 10.0
"""Seconds that a caller may take to ask and to be answered, whatever the pace of its bytes."""

LARGEST = 65_536
"""Bytes of a request."""

MOST = 8
"""Callers at a time; one more is hung up on."""

More = Callable[[], list[Family]]


class Scrapes(BaseHTTPRequestHandler):
    """Answers `GET /metrics` to whoever knows the token, where one is set, and `GET /livez` to everybody.

    One request a connection: whoever asks again and again holds no place in between.
    """

    protocol_version = "HTTP/1.1"
    server_version = "esteio"
    sys_version = ""
    server: "Door"

    def setup(self) -> None:
        super().setup()
        self._deadline = Deadline(self.server.patience)
        self.rfile.close()
        self.rfile = io.BufferedReader(Punctual(self.connection, self._deadline.left, LARGEST))

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == ALIVE:
            self._answer(HTTPStatus.OK, b"ok\n")
        elif path != PATH:
            self._answer(HTTPStatus.NOT_FOUND, b"Not found: the metrics are at /metrics.\n")
        elif not self._may():
            self._answer(HTTPStatus.UNAUTHORIZED, b"", [("WWW-Authenticate", 'Bearer realm="metrics"')])
        else:
            self._show()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *args: Any) -> None:
        """Scrapes are no news."""

    def _may(self) -> bool:
        token = self.server.token
        if not token:
            return True
        scheme, _, shown = self.headers.get("Authorization", "").partition(" ")
        right = hmac.compare_digest(shown.strip().encode(), token.encode())
        return scheme.lower() == "bearer" and right

    def _show(self) -> None:
        text, content_type = exposition(self.headers.get("Accept", ""), self.server.more())
        fields = [("Content-Type", content_type), ("Vary", "Accept, Accept-Encoding")]
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            text = gzip.compress(text, compresslevel=1)
            fields.append(("Content-Encoding", "gzip"))
        self._answer(HTTPStatus.OK, text, fields)

    def _answer(self, status: HTTPStatus, body: bytes, fields: list[tuple[str, str]] | None = None) -> None:
        self.send_response(status)
        always = [("Cache-Control", "no-store"), ("Connection", "close"), ("Content-Length", str(len(body)))]
        for name, value in (*(fields or ()), *always):
            self.send_header(name, value)
        self.connection.settimeout(self._deadline.left())
        self.end_headers()
        if self.command != "HEAD":
            self.connection.settimeout(self._deadline.left())
            self.wfile.write(body)


class Door(ThreadingHTTPServer):
    """Listens in threads of its own until the process ends."""

    daemon_threads = True

    def __init__(self, host: str, port: int, token: str, more: More, patience: float) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.token = token
        self.more = more
        self.patience = patience
        self._free = threading.BoundedSemaphore(MOST)
        super().__init__((host, port), Scrapes)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hung up is no news."""


def serve_metrics(host: str, port: int, token: str = "", more: More = list, patience: float = PATIENCE) -> Door:
    """Answer with the figures at this address, and with `more` beside them and what was published.

    An empty token lets everybody ask. `patience`: the seconds that one request may take as a whole.
    Raises `StartRefused` where the address cannot be used.
    """
    try:
        door = Door(host, port, token, lambda: [*published(), *more()], patience)
    except OSError as error:
        raise StartRefused(f"Port {port} of {host} cannot be used for metrics: {error.strerror}.") from error
    threading.Thread(target=door.serve_forever, name="metrics", daemon=True).start()
    return door
