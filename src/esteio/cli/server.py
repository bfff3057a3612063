"""One process that answers: the HTTP server around the application, and how it ends without cutting anything."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

import uvicorn

from esteio.app import Esteio, create_app
from esteio.base import collector
from esteio.base.errors import StartRefused
from esteio.cli.frames import socket_options
from esteio.cli.listening import CONNECTIONS_WAITING
from esteio.cli.protocol import Protocol
from esteio.cli.pulse import Pulse
from esteio.cli.scrapes import show_metrics
from esteio.settings import Settings, read_settings
from esteio.telemetry.logs import configure
from esteio.telemetry.metrics import enter

REFUSED = 2
LAST_CALLS = 1.0
"""Seconds in which a connection that is idle may still ask something: the answer tells it to close. A connection that
is closed without a word may just be carrying a request, which would be lost."""

LAST_WORDS = 3.0
"""Seconds in which a request that is cut off undoes what it began, and answers that it was."""

_GLANCE = 0.02


class Server(uvicorn.Server):
    """Says on SIGTERM that it is not ready any more, waits until that was seen, then lets what runs end."""

    def __init__(self, config: uvicorn.Config, application: Esteio, notice: float, pulse: Pulse) -> None:
        super().__init__(config)
        self._application = application
        self._notice = notice
        self._drain = max(1.0, application.settings.http.drain_seconds)
        self._pulse = pulse
        self._beating: asyncio.Task[None] | None = None
        self._ending = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        collector.started()
        if self.started:
            self._pulse.start()
            self._beating = asyncio.create_task(self._pulse.go_on())

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        again, self._ending = self._ending, True
        self._application.readiness.draining = True
        Protocol.farewell = True
        if again or self._notice <= 0:
            super().handle_exit(sig, frame)
            return
        loop = asyncio.get_running_loop()
        loop.call_later(self._notice, super().handle_exit, sig, frame)

    async def _accept_waiting(self, sockets: Sequence[socket.socket]) -> None:
        """Take what waits to be accepted: with the last process that listens the kernel would reset it."""
        loop = asyncio.get_running_loop()
        for listening in sockets:
            listening.setblocking(False)
            with suppress(OSError):  # nobody waits, or there is no room for more
                for _ in range(CONNECTIONS_WAITING):
                    await loop.connect_accepted_socket(self._protocol, listening.accept()[0])

    def _protocol(self) -> Protocol:
        return Protocol(self.config, self.server_state, self.lifespan.state)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connections, tell those that are open to come back elsewhere, then let what runs end."""
        await self._accept_waiting(sockets or [])
        for server in self.servers:
            server.close()
        self._application.end_streams()
        loop = asyncio.get_running_loop()
        end = loop.time() + LAST_CALLS
        # uvicorn tells nobody when a connection has gone.
        while self.server_state.connections and not self.force_exit and loop.time() < end:  # noqa: ASYNC110
            await asyncio.sleep(_GLANCE)
        await super().shutdown(sockets)
        if self._beating is not None:
            self._beating.cancel()
        # uvicorn would end this process by the signal that asked for the end: here that was a success.
        self._captured_signals.clear()

    async def _wait_tasks_to_complete(self) -> None:
        """Wait for the drain's length, then cut off what is left while all that it works with is still open.

        uvicorn would close the application at the moment at which it cancels.
        """
        try:
            async with asyncio.timeout(self._drain):
                await super()._wait_tasks_to_complete()
        except TimeoutError:
            left = list(self.server_state.tasks)
            logging.getLogger("uvicorn.error").warning("the drain is over: %d requests are cut off", len(left))
            for task in left:
                task.cancel()
            if left:
                await asyncio.wait(left, timeout=LAST_WORDS)


def run(listening: Sequence[socket.socket], pulse: Pulse) -> None:
    """Serve the shipped services on the sockets until SIGTERM, SIGINT or SIGHUP."""
    settings = read_settings_for_services()
    configure(settings.telemetry)
    enter("serve")
    if not pulse:
        show_metrics(settings.telemetry)
    # A process without a parent that renews it has nothing to reload: a terminal that hangs up lets it end in peace.
    signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    if pulse:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    serve_on(listening, create_app(settings), pulse)


def serve_on(listening: Sequence[socket.socket], application: Esteio, pulse: Pulse | None = None) -> None:
    """Serve an application on the sockets until SIGTERM or SIGINT."""
    settings = application.settings
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http=Protocol,
        **socket_options(settings.realtime),
        lifespan="on",
        interface="asgi3",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
    )
    server = Server(config, application, settings.http.drain_notice, pulse or Pulse(None))
    # A refusal is one sentence, said below; uvicorn would write a traceback of it.
    logging.getLogger("uvicorn.error").addFilter(lambda _: application.refused is None)
    with suppress(SystemExit):  # uvicorn's way of saying that the application did not open
        server.run(list(listening))
    if application.refused is not None:
        sys.stderr.write(f"esteio: {application.refused}\n")
        sys.exit(REFUSED)
    if not server.started:
        raise StartRefused("The API did not start; the log above says why.")


def read_settings_for_services() -> Settings:
    """The settings with the sections of the shipped services."""
    from esteio.catalog import SHIPPED

    return read_settings({manifest.name: manifest.settings for manifest in SHIPPED if manifest.settings is not None})
