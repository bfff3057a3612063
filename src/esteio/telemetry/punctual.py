"""Bytes of a socket within a bound: a time-out alone begins again with every byte that comes."""

import io
import socket
from collections.abc import Callable
from time import monotonic
from typing import Any


class Deadline:
    """A moment, so many seconds from now. `left` raises `TimeoutError` where it has passed."""

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds

    def left(self) -> float:
        seconds = self._end - monotonic()
        if seconds <= 0:
            raise TimeoutError("The other side took too long.")
        return seconds


class Punctual(io.RawIOBase):
    """Reads what comes until the deadline, and at most so many bytes; raises `OSError` beyond either."""

    def __init__(self, connection: socket.socket, left: Callable[[], float], most: int) -> None:
        self._connection = connection
        self._left = left
        self._room = most
        self._source: Any = connection.makefile("rb", buffering=0)  # keeps the socket open until this is closed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._room <= 0:
            raise OSError("The other side sent too much.")
        self._connection.settimeout(self._left())
        read: int | None = self._source.readinto(buffer)
        self._room -= read or 0
        return read

    def close(self) -> None:
        self._source.close()
        super().close()
