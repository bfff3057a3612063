"""Forms and requests written by hand, and the temporary files that they open."""

import json
import select
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.files import photos
from tests.house import ADMIN_KEY, Served

BOUNDARY = b"==a-boundary=="
PLACE = "/api/v2/gallery"
FORM = f'multipart/form-data; boundary="{BOUNDARY.decode()}"'


def spools(temp: Path) -> int:
    """Temporary files without a name that this process has open."""
    return sum(name.startswith(str(temp)) for name in open_files())


def open_files(pid: int | str = "self") -> list[str]:
    """What the process has open, by name."""
    found = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            found.append(str(descriptor.readlink()))
    return found


def part(disposition: str, data: bytes, *headers: str) -> bytes:
    lines = [f"Content-Disposition: {disposition}", *headers]
    return b"--" + BOUNDARY + b"\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + data + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--" + BOUNDARY + b"--\r\n"


def photo(data: bytes | None = None, name: str = "a.jpg") -> bytes:
    data = photos.saved(photos.plain()) if data is None else data
    return part(f'form-data; name="photo"; filename="{name}"', data, "Content-Type: image/jpeg")


class Connection:
    """One request, written by hand."""

    def __init__(self, raw: socket.socket) -> None:
        self.raw = raw

    def send(self, data: bytes) -> None:
        self.raw.sendall(data)

    def chunks(self, pieces: Iterator[bytes]) -> None:
        """Some more of the body."""
        for piece in pieces:
            self.send(b"%x\r\n%s\r\n" % (len(piece), piece))

    def is_silent(self) -> bool:
        """Whether nothing was answered yet."""
        return not select.select([self.raw], [], [], 0.5)[0]

    def answer(self) -> tuple[int, str]:
        """The status and the first code; an answer of success has none."""
        got = b""
        with suppress(ConnectionResetError):
            while b"}]}" not in got and (more := self.raw.recv(65_536)):
                got += more
        head, _, body = got.partition(b"\r\n\r\n")
        status = int(head.split()[1])
        return status, json.loads(body)["errors"][0]["code"] if status >= 400 else ""

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: Any) -> None:
        self.raw.close()


def talking(served: Served, path: str, headers: dict[str, str], key: str | None = ADMIN_KEY) -> Connection:
    """A request whose head has been sent."""
    at = urlsplit(served.url)
    assert at.hostname is not None
    raw = socket.create_connection((at.hostname, at.port or 80), timeout=60)
    given = {"host": at.netloc, **({"x-api-key": key} if key else {}), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    raw.sendall(f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1"))
    return Connection(raw)
