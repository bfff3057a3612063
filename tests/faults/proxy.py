"""A network between the house and its dependencies that can be made bad: refused, reset, slow, silent.

It listens on a TCP port of its own and passes everything on to an engine's Unix socket.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeVar

from tests.house import unused_port

Mode = Literal["pass", "refuse", "reset", "slow", "silent"]
T = TypeVar("T")

CHUNK = 65_536
RESET_EVERY = 1.0
SLOW_BY = 0.3
RESET_NOW = struct.pack("ii", 1, 0)


class Proxy:
    """`set` changes the mode for new and living connections alike.

    refuse: nobody listens, living connections are reset. reset: every connection is reset once a second. slow: each
    piece travels 0.3 s. silent: connections are accepted and nothing travels, in either direction, until the mode
    changes; then everything that was held back arrives late, as after an outage of a real network.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._mode: Mode = "pass"
        self._lines: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    @property
    def lines(self) -> int:
        """Connections of the house that are open now."""
        return len(self._lines)

    def open(self) -> None:
        self._thread.start()
        self.port = unused_port()
        self._run(self._open)

    def close(self) -> None:
        self._run(self._close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    def set(self, mode: Mode) -> None:
        self._run(lambda: self._change(mode))

    def _run(self, work: Callable[[], Awaitable[T]]) -> T:
        async def working() -> T:
            return await work()

        return asyncio.run_coroutine_threadsafe(working(), self._loop).result(timeout=30)

    async def _open(self) -> None:
        self._flows = asyncio.Event()
        self._flows.set()
        self._ticking = asyncio.create_task(self._tick())
        self._pumping: set[asyncio.Task[None]] = set()
        await self._listen()

    async def _close(self) -> None:
        self._server.close()
        self._flows.set()
        self._reset()
        self._ticking.cancel()
        for task in list(self._pumping):
            task.cancel()
        await asyncio.gather(self._ticking, *self._pumping, return_exceptions=True)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=CHUNK)

    async def _change(self, mode: Mode) -> None:
        before, self._mode = self._mode, mode
        self._flows.clear() if mode == "silent" else self._flows.set()
        if mode == "refuse":
            self._server.close()
            self._reset()
        elif before == "refuse":
            await self._listen()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(RESET_EVERY)
            if self._mode == "reset":
                self._reset()

    def _reset(self) -> None:
        for writer in list(self._lines):
            line: socket.socket = writer.get_extra_info("socket")
            with suppress(OSError):
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_NOW)
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pumping.add(task)
        self._lines.add(writer)
        try:
            await self._flows.wait()
            there, back = await asyncio.open_unix_connection(str(self._target), limit=CHUNK)
            try:
                ways = [asyncio.create_task(self._pump(*way)) for way in ((reader, back), (there, writer))]
                _, left = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in left:
                    way.cancel()
            finally:
                back.transport.abort()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._lines.discard(writer)
            self._pumping.discard(task)
            writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(CHUNK):
                if self._mode == "slow":
                    await asyncio.sleep(SLOW_BY)
                await self._flows.wait()
                writer.write(piece)
                await writer.drain()


@contextmanager
def proxied(target: Path) -> Iterator[Proxy]:
    """A proxy to the Unix socket for the time of a block."""
    proxy = Proxy(target)
    proxy.open()
    try:
        yield proxy
    finally:
        proxy.close()
