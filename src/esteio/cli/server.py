"""One process that answers: the HTTP server around the application, and how it ends without cutting anything."""

import asyncio
import gc
import os
import socket
import sys
from types import FrameType

import uvicorn

from esteio.app import Esteio, create_app
from esteio.base.errors import StartRefused
from esteio.cli.protocol import Protocol
from esteio.settings import Settings, read_settings
from esteio.telemetry.logs import configure
from esteio.telemetry.metrics import prepare_directory

REFUSED = 2


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
        if again or self._notice <= 0:
            super().handle_exit(sig, frame)
            return
        loop = asyncio.get_running_loop()
        loop.call_later(self._notice, super().handle_exit, sig, frame)


def run(listening: socket.socket, started_fd: int | None) -> None:
    """Serve the shipped services on the socket until SIGTERM or SIGINT."""
    prepare_directory()
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
        ws="none",
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
