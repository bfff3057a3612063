"""Processes behind a proxy that behave as no API should: each writes down what it was asked."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok"


@dataclass
class Asked:
    """What came in: heads of requests, and how many connections carried them."""

    port: int
    heads: list[str] = field(default_factory=list)
    connections: int = 0

    def methods(self) -> list[str]:
        return [head.partition(" ")[0] for head in self.heads if " /health" not in head]


@contextmanager
def upstream(manner: str) -> Iterator[Asked]:
    """`answers`, `breaks` off once it has been asked anything but its health, or is `silent` then."""
    over = threading.Event()

    class Line(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked.connections += 1
            while head := self._head():
                asked.heads.append(head)
                if manner == "answers" or " /health" in head:
                    self.wfile.write(ANSWER)
                elif manner == "silent":
                    over.wait()
                    return
                else:
                    return

        def _head(self) -> str:
            lines: list[str] = []
            while line := self.rfile.readline().decode("latin-1").rstrip("\r\n"):
                lines.append(line)
            length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
            self.rfile.read(length)
            return "\n".join(lines)

    class Listening(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Listening(("127.0.0.1", 0), Line) as server:
        asked = Asked(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield asked
        finally:
            over.set()
            server.shutdown()
            thread.join(30)
