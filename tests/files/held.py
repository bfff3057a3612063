"""What a small server of objects holds, and the faults that a test asks of it."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

MOST = 64 * 1_048_576
"""Bytes that a request may bring."""

ROOM = 512 * 1_048_576
PAGE = 3
"""Objects of one page of a listing: few, so that every listing of some has several."""

PATIENCE = 30.0
SILENT = 0
"""Instead of a status: no answer at all."""


@dataclass(frozen=True)
class Answer:
    """An answer on its way."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A request that has come in whole."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def names(self) -> tuple[str, str]:
        """The bucket and the key."""
        bucket, _, key = unquote(self.path).lstrip("/").partition("/")
        return bucket, key


@dataclass(frozen=True)
class Kept:
    data: bytes
    modified: datetime


class Held:
    """Objects that are whole, parts of those that are not, and what the server is to do wrong."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.objects: dict[str, Kept] = {}
        self.parts: dict[str, dict[str, bytes]] = {}
        self.asked: list[str] = []
        self.next_faults: list[int] = []
        self.refusal: int | None = None
        self.protected: set[str] = set()
        self.flows = threading.Event()
        self.flows.set()

    def keep(self, key: str, data: bytes) -> bool:
        """Whether there was room."""
        if sum(len(kept.data) for kept in self.objects.values()) + len(data) > ROOM:
            return False
        self.objects[key] = Kept(data, datetime.now(UTC))
        return True

    def fault(self) -> int | None:
        """The status with which the next request is to fail."""
        with self.lock:
            return self.next_faults.pop(0) if self.next_faults else self.refusal

    def mend(self) -> None:
        """Nothing goes wrong any more, and nothing is there."""
        self.next_faults, self.refusal, self.protected = [], None, set()
        self.flows.set()
        self.objects.clear()
        self.parts.clear()
        self.asked.clear()

    def page(self, prefix: str, after: str) -> tuple[list[str], str | None]:
        """Some keys in order, and the last of them where there are more."""
        keys = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        return keys[:PAGE], keys[PAGE - 1] if len(keys) > PAGE else None

    def read(self, key: str, span: str | None) -> Answer | None:
        """The object or the bytes of its range; `None` where it is not."""
        kept = self.objects.get(key)
        if kept is None:
            return None
        told = {"etag": f'"{len(kept.data)}"', "last-modified": format_datetime(kept.modified, usegmt=True)}
        if span is None:
            return Answer(200, kept.data, told)
        first, _, last = span.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last) if last else len(kept.data) - 1, len(kept.data) - 1)
        if start > end:
            return Answer(416, b"", told)
        told["content-range"] = f"bytes {start}-{end}/{len(kept.data)}"
        return Answer(206, kept.data[start : end + 1], told)


class Handler(BaseHTTPRequestHandler):
    """Reads a request whole and has `answered` say what to do with it."""

    protocol_version = "HTTP/1.1"
    held: ClassVar[Held]

    def answered(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def _serve(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length <= MOST else b""
        if len(body) < length:
            self.close_connection = True
            return
        place = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(place.query, keep_blank_values=True))
        self.held.asked.append(f"{self.command} {self.path}")
        self.held.flows.wait(PATIENCE)
        status = self.held.fault()
        if status == SILENT:
            # Until the client has had enough and closes its end.
            self.connection.settimeout(PATIENCE)
            with suppress(OSError):
                self.rfile.read(1)
            self.close_connection = True
            return
        if status is not None:
            self._send(Answer(status, f"<Error><Code>Trial{status}</Code><Message>as asked</Message></Error>".encode()))
            return
        with self.held.lock:
            answer = self.answered(Asked(self.command, place.path, query, headers, body))
        self._send(answer)

    do_GET = do_PUT = do_POST = do_DELETE = _serve

    def _send(self, answer: Answer) -> None:
        try:
            self.send_response(answer.status)
            for name, value in {"content-length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is what tests do."""


@contextmanager
def serving(handler: type[Handler]) -> Iterator[tuple[str, Held]]:
    """Such a server with nothing in it: its address and what it holds."""
    held = Held()
    server = _Server(("127.0.0.1", 0), type("Bound", (handler,), {"held": held}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", held
    finally:
        held.flows.set()
        server.shutdown()
        server.server_close()
        thread.join(30)


def error(status: int, code: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An error as all of these servers word it."""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>no</Message></Error>'
    return Answer(status, body.encode(), headers or {})
