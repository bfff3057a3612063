"""One process that answers: the HTTP server around the application, and how it ends without cutting anything."""

import asyncio
import gc
import logging
import os
import socket
import sys
from contextlib import suppress
from types import FrameType

import uvicorn

from esteio.app import Esteio, create_app
from esteio.base.errors import StartRefused
from esteio.cli.frames import socket_options
from esteio.cli.protocol import Protocol
from esteio.settings import Settings, read_settings
from esteio.telemetry.logs import configure

REFUSED = 2
LAST_CALLS = 1.0
"""Seconds in which a connection that is idle may still ask something: the answer tells it to close. A connection that
is closed without a word may just be carrying a request, which would be lost."""

_GLANCE = 0.02


class Server(uvicorn.Server):
    """Says on SIGTERM that it is not ready any more, waits until that was seen, then lets what runs end."""

    def __init__(self, config: uvicorn.Config, application: Esteio, notice: float, started_fd: int | None) -> None:
        super().__init__(config)
        self._application = application
        self._notice = notice
        self._started_fd = started_fd
        self._ending = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What was made until here lives as long as the process: the collector need not look at it ever again.
        gc.collect()
        gc.freeze()
        if self.started and self._started_fd is not None:
            os.write(self._started_fd, b"1")
            os.close(self._started_fd)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        again, self._ending = self._ending, True
        self._application.readiness.draining = True
        Protocol.farewell = True
        if again or self._notice <= 0:
            super().handle_exit(sig, frame)
            return
        loop = asyncio.get_running_loop()
        loop.call_later(self._notice, super().handle_exit, sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connections, tell those that are open to come back elsewhere, then let what runs end."""
        for server in self.servers:
            server.close()
        self._application.end_streams()
        loop = asyncio.get_running_loop()
        end = loop.time() + LAST_CALLS
        # uvicorn tells nobody when a connection has gone.
        while self.server_state.connections and not self.force_exit and loop.time() < end:  # noqa: ASYNC110
            await asyncio.sleep(_GLANCE)
        await super().shutdown(sockets)
        # uvicorn would end this process by the signal that asked for the end: here that was a success.
        self._captured_signals.clear()


def run(listening: socket.socket, started_fd: int | None) -> None:
    """Serve the shipped services on the socket until SIGTERM or SIGINT."""
    settings = read_settings_for_services()
    configure(settings.telemetry)
    serve_on(listening, create_app(settings), started_fd)


def serve_on(listening: socket.socket, application: Esteio, started_fd: int | None = None) -> None:
    """Serve an application on the socket until SIGTERM or SIGINT."""
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
        timeout_graceful_shutdown=int(settings.http.drain_seconds) or 1,
    )
    server = Server(config, application, settings.http.drain_notice, started_fd)
    # A refusal is one sentence, said below; uvicorn would write a traceback of it.
    logging.getLogger("uvicorn.error").addFilter(lambda _: application.refused is None)
    with suppress(SystemExit):  # uvicorn's way of saying that the application did not open
        server.run([listening])
    if application.refused is not None:
        sys.stderr.write(f"esteio: {application.refused}\n")
        sys.exit(REFUSED)
    if not server.started:
        raise StartRefused("The API did not start; the log above says why.")


def read_settings_for_services() -> Settings:
    """The settings with the sections of the shipped services."""
    from esteio.catalog import SHIPPED

    return read_settings({manifest.name: manifest.settings for manifest in SHIPPED if manifest.settings is not None})
