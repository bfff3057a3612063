"""The sockets that the API listens on: its own, or those that the service manager or somebody else has opened."""

import os
import socket
import stat
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from esteio.base.errors import StartRefused
from esteio.embedded.address import Address

CONNECTIONS_WAITING = 2048
FIRST_HANDED_OVER = 3
_FOR, _NUMBER, _NAMES = "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"


def handed_over(environ: MutableMapping[str, str] | None = None) -> list[int]:
    """Descriptors that the service manager opened for this process (socket activation).

    What says so is taken out of the environment: it is not meant for children.
    """
    given = os.environ if environ is None else environ
    meant, number, _ = (given.pop(name, "") for name in (_FOR, _NUMBER, _NAMES))
    ours = meant == str(os.getpid()) and number.isdecimal()
    return list(range(FIRST_HANDED_OVER, FIRST_HANDED_OVER + int(number))) if ours else []


def adopted(descriptor: int) -> socket.socket:
    """A socket that somebody else has opened and listens on. Raises `StartRefused` for anything else."""
    try:
        found = socket.socket(fileno=descriptor)
        listens = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise StartRefused(f"The descriptor {descriptor} is no socket: {error.strerror}.") from error
    if not listens:
        raise StartRefused(f"The socket of descriptor {descriptor} does not listen.")
    return found


def on_port(host: str, port: int) -> socket.socket:
    """A new socket on an address. Raises `StartRefused` where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named since asyncio turns off Nagle's delay for sockets that say TCP, and for no others.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        raise StartRefused(f"Port {port} of {host} cannot be used: {error.strerror}.") from error
    listening.listen(CONNECTIONS_WAITING)
    return listening


@contextmanager
def on_path(path: Path, mode: int) -> Iterator[socket.socket]:
    """A new Unix socket with these permissions, gone when the block ends; one that a dead server left is replaced.

    Raises `StartRefused` where the path is another server's, or something else than a socket.
    """
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _make_way(path)
        before = os.umask(0o777 & ~mode)
        try:
            listening.bind(str(path))
        finally:
            os.umask(before)
        listening.listen(CONNECTIONS_WAITING)
    except OSError as error:
        listening.close()
        raise StartRefused(f"The Unix socket {path} cannot be used: {error.strerror or error}.") from error
    made = path.stat().st_ino
    try:
        yield listening
    finally:
        with suppress(OSError):
            # Another server's may be there by now.
            if path.stat().st_ino == made:
                path.unlink()


def _make_way(path: Path) -> None:
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise StartRefused(f"The Unix socket {path} cannot be used: something else is there.")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, suppress(ConnectionRefusedError):
            probe.connect(str(path))
            raise StartRefused(f"The Unix socket {path} cannot be used: another server listens there.")
        path.unlink()


def url_of(sockets: Sequence[socket.socket]) -> str | None:
    """Where the first of the sockets that has a port is reached on this machine."""
    for one in sockets:
        if one.family in (socket.AF_INET, socket.AF_INET6):
            host, port = one.getsockname()[:2]
            return Address(host, port).url
    return None
