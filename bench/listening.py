"""Receivers of webhooks: most answer at once, some never; how long each fact took to be told is noted."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx

from bench.deployment import Deployment

EVENT = "pet.created"
QUIET = 3.0
PATIENCE = 60.0


class Receivers:
    """`delays` are seconds from a fact to its arrival at a receiver that answers."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.last = time.monotonic()
        self.over = threading.Event()

    def took(self, body: bytes) -> None:
        now = datetime.now(UTC)
        self.delays.append((now - datetime.fromisoformat(_when(json.loads(body)))).total_seconds())
        self.last = time.monotonic()

    def settled(self) -> list[float]:
        """The delays, once nothing has come for some seconds."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < min(end, self.last + QUIET):
            time.sleep(0.1)
        return self.delays


def _when(message: dict[str, Any]) -> str:
    return str(message["timestamp"]).replace("Z", "+00:00")


@contextmanager
def hearing(deployment: Deployment, *, receivers: int, hanging: int) -> Iterator[Receivers]:
    """So many endpoints of the deployment on one server; those that hang take a message and never answer."""
    found = Receivers()

    class Receiver(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path.startswith("/hang"):
                found.over.wait(120)
                return
            found.took(body)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        _register(deployment, server.server_address[1], receivers, hanging)
        yield found
    finally:
        found.over.set()
        server.shutdown()


def _register(deployment: Deployment, port: int, receivers: int, hanging: int) -> None:
    with httpx.Client(base_url=deployment.url, verify=False, headers={"X-API-Key": deployment.keys[0]}) as client:
        for number in range(receivers):
            name = "hang" if number < hanging else "hear"
            url = f"http://127.0.0.1:{port}/{name}/{number}"
            answer = client.post("/api/v2/webhooks/endpoints", json={"url": url, "events": [EVENT]})
            if answer.status_code != 201:
                raise SystemExit(f"an endpoint was answered {answer.status_code}: {answer.text[:300]}")
