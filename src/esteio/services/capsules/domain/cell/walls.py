"""Whether the wall stands: what a prisoner would try is tried, and must not work."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

_HARMLESS = frozenset({"PWD", "LC_CTYPE", "HOME"})


def gaps() -> list[str]:
    """What worked that should not. Empty where the wall stands."""
    found = [name for name, attempt in _ATTEMPTS.items() if _works(attempt)]
    return found + [f"variable {name}" for name in os.environ if name not in _HARMLESS]


def _works(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)
    os.wait()


_ATTEMPTS: dict[str, Callable[[], object]] = {
    "process": _fork,
    "network": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
    "local socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close(),
    "memory file": lambda: os.close(os.memfd_create("m")),
    "people": lambda: Path("/etc/passwd").read_bytes(),
    "processes": lambda: next(Path("/proc").iterdir()),
    "homes": lambda: next(Path("/home").iterdir()),
    "writing": lambda: Path("/written").write_bytes(b""),
    "code": lambda: (Path(__file__).parent / "written").write_bytes(b""),
}
