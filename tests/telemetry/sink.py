"""A Sentry on this machine: takes envelopes over HTTP, keeps their bytes, and can be slow or refuse."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Sink:
    """`bodies` are the envelopes as they came, decompressed."""

    port: int = 0
    status: int = 200
    bodies: list[bytes] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)

    @property
    def dsn(self) -> str:
        return f"http://0123456789abcdef@127.0.0.1:{self.port}/7"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for body in self.bodies for event in _events(body)]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Events whose outermost exception is of this type."""
        return [event for event in self.events if event["exception"]["values"][-1]["type"] == kind]


def _events(body: bytes) -> Iterator[dict[str, Any]]:
    """The events of an envelope: a header, then pairs of an item's header and its payload."""
    lines = body.split(b"\n")[1:]
    while lines and lines[0]:
        header = json.loads(lines.pop(0))
        payload = lines.pop(0)
        if header["type"] == "event":
            yield json.loads(payload)


@contextmanager
def sink() -> Iterator[Sink]:
    """Listens on a free port for the time of the block."""
    found = Sink()
    found.held.set()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.bodies.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            found.held.wait(60)
            self.send_response(found.status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        found.held.set()
        server.shutdown()
        thread.join()
        server.server_close()
