"""A server that speaks S3, as a process of its own, and the line to it, which a test can cut."""

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx

from esteio.files.settings import FilesSettings
from tests.house import NO_TLS, eventually, unused_port

T = TypeVar("T")
B = TypeVar("B", bound="Bucket")
BUCKET = "trial"
PREFIX = "house"
SERVER = Path(sys.executable).with_name("moto_server")


@dataclass(frozen=True)
class Bucket:
    """A bucket on a server at an address."""

    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """Settings of a house that keeps its files here and gives up soon."""
        return {
            "FILES__URL": f"s3://{BUCKET}/{PREFIX}",
            "FILES__S3_ENDPOINT": self.endpoint,
            "FILES__S3_ACCESS_KEY_ID": "somebody",
            "FILES__S3_SECRET_ACCESS_KEY": "a secret",
            "FILES__S3_ALLOW_HTTP": "true",
            "FILES__RETRY_SECONDS": "1",
            "FILES__REQUEST_TIMEOUT": "5",
        }

    @property
    def settings(self) -> FilesSettings:
        given = {name.removeprefix("FILES__").lower(): value for name, value in self.environment.items()}
        return FilesSettings.model_validate(given)

    def listed(self) -> list[str]:
        """The keys of all objects, as the server lists them."""
        return re.findall("<Key>([^<]*)</Key>", httpx.get(f"{self.endpoint}/{BUCKET}", verify=NO_TLS).text)

    def unfinished(self) -> int:
        """Uploads that were begun and neither completed nor aborted."""
        return httpx.get(f"{self.endpoint}/{BUCKET}?uploads", verify=NO_TLS).text.count("<UploadId>")


@contextmanager
def s3_server() -> Iterator[Bucket]:
    """An empty bucket."""
    port = unused_port()
    process = subprocess.Popen(
        [str(SERVER), "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    bucket = Bucket(f"http://127.0.0.1:{port}")
    try:
        eventually(lambda: _answers(bucket))
        assert httpx.put(f"{bucket.endpoint}/{BUCKET}").status_code == 200
        yield bucket
    finally:
        process.kill()
        process.wait()


def _answers(bucket: Bucket) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(bucket.endpoint, verify=NO_TLS).status_code < 500
    return False


class Line:
    """Passes bytes on to a server, until so many have gone its way or it is cut; then it refuses everything."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line", daemon=True)
        self._writers: set[asyncio.StreamWriter] = set()
        self._left: int | None = None
        self._until_held: int | None = None
        self._flows = threading.Event()
        self._flows.set()
        self.port = unused_port()

    def open(self) -> None:
        self._thread.start()
        self._do(self._listen)

    def close(self) -> None:
        self._do(self._cut)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)

    def cut(self) -> None:
        self._do(self._cut)

    def cut_after(self, count: int) -> None:
        self._left = count

    def hold_after(self, count: int) -> None:
        """Let so many bytes more go to the server; then nothing does until `release`."""
        self._flows.clear()
        self._until_held = count

    @property
    def holding(self) -> bool:
        return self._until_held is not None and self._until_held < 0

    def release(self) -> None:
        self._until_held = None
        self._flows.set()

    def mend(self) -> None:
        self._left = None
        self._do(self._listen)

    def _do(self, work: Callable[[], Awaitable[T]]) -> T:
        async def working() -> T:
            return await work()

        return asyncio.run_coroutine_threadsafe(working(), self._loop).result(30)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)

    async def _cut(self) -> None:
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, there_writer}
        await asyncio.gather(self._pump(reader, there_writer, True), self._pump(there_reader, writer, False))
        self._writers -= {writer, there_writer}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counted: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                if counted and self._left is not None:
                    self._left -= len(data)
                    if self._left < 0:
                        await self._cut()
                        return
                if counted and self._until_held is not None:
                    self._until_held -= len(data)
                while self.holding:
                    await asyncio.to_thread(self._flows.wait, 0.1)
                writer.write(data)
                await writer.drain()
        with suppress(OSError, RuntimeError):
            writer.close()


@contextmanager
def line_to(bucket: B) -> Iterator[tuple[B, Line]]:
    """The same bucket at the end of a line."""
    line = Line(int(bucket.endpoint.rpartition(":")[2]))
    line.open()
    try:
        yield replace(bucket, endpoint=f"http://127.0.0.1:{line.port}"), line
    finally:
        line.close()


class _Full(BaseHTTPRequestHandler):
    """Takes uploads and has no room for any part of them."""

    protocol_version = "HTTP/1.1"

    def _answer(self, status: int, body: bytes) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self._answer(200, b"<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")

    def do_PUT(self) -> None:
        self._answer(507, b"<Error><Code>InsufficientStorage</Code><Message>No room</Message></Error>")

    def do_DELETE(self) -> None:
        self._answer(204, b"")

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def full_server() -> Iterator[Bucket]:
    """A bucket whose quota is used up."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Full)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Bucket(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)
