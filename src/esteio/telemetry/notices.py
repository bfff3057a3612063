"""What the system's service manager is told of this process: one datagram for each notice, as sd_notify sends it."""

import asyncio
import os
import socket
import time
from collections.abc import MutableMapping
from contextlib import suppress

_ADDRESS, _WATCHDOG, _WATCHED = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"


class Notices:
    """Without an address nothing is said. `every` is how often a sign of life is due, in seconds; 0: none is asked for.

    A manager that does not listen is no reason to fail: what cannot be said is forgotten.
    """

    def __init__(self, address: str = "", watchdog: float = 0.0) -> None:
        # A leading @ stands for the zero byte of a name outside the file system.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.every = watchdog / 3 if address else 0.0

    @classmethod
    def taken_from(cls, environ: MutableMapping[str, str] | None = None) -> "Notices":
        """What the environment asks for, taken out of it: the children of this process do not speak for it."""
        given = os.environ if environ is None else environ
        address, span, watched = (given.pop(name, "") for name in (_ADDRESS, _WATCHDOG, _WATCHED))
        ours = span.isdecimal() and watched in ("", str(os.getpid()))
        return cls(address, int(span) / 1e6 if ours else 0.0)

    def __bool__(self) -> bool:
        return bool(self._address)

    def ready(self, status: str = "") -> None:
        """The start, or a reload, is complete."""
        self._say("READY=1", *_status(status))

    def reloading(self) -> None:
        # The manager takes only a reload that began after it asked for one: it compares the clocks.
        self._say("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, status: str = "") -> None:
        self._say("STOPPING=1", *_status(status))

    def status(self, status: str) -> None:
        """One sentence for `systemctl status`."""
        self._say(*_status(status))

    def alive(self) -> None:
        """A sign of life, where one was asked for."""
        if self.every:
            self._say("WATCHDOG=1")

    async def stay_alive(self) -> None:
        """Give signs of life as long as the event loop turns; returns at once where none are asked for."""
        while self.every:
            self.alive()
            await asyncio.sleep(self.every)

    def _say(self, *lines: str) -> None:
        if not self._address or not lines:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.setblocking(False)
            line.sendto("\n".join(lines).encode(), self._address)


def _status(status: str) -> tuple[str, ...]:
    return (f"STATUS={' '.join(status.split())}",) if status else ()
