"""`esteio serve`: the API in one process, or in several behind one socket."""

import os
import socket
import sys

import click

from esteio.base.errors import StartRefused
from esteio.cli.fleet import Fleet
from esteio.cli.lifeline import end_with
from esteio.embedded.address import Address
from esteio.settings import read_settings
from esteio.telemetry.logs import configure
from esteio.telemetry.metrics import prepare_directory

CONNECTIONS_WAITING = 2048
TO_CLOSE = 8.0
"""Seconds that a worker may take beyond its drain: last calls, closing what it had opened."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that answer")
@click.option("--fd", type=int, hidden=True, help="Socket that the parent has opened")
@click.option("--started-fd", type=int, hidden=True, help="Where to say that this worker has started")
def serve(host: str, port: int, workers: int, fd: int | None, started_fd: int | None) -> None:
    """Run the API. SIGTERM lets requests in flight end; SIGHUP replaces the workers one by one."""
    if fd is not None:
        _answer(socket.socket(fileno=fd), started_fd)
        return
    settings = read_settings(None)
    configure(settings.telemetry)
    listening = _listen(host, port)
    if "public_url" not in settings.http.model_fields_set:
        # Links lead to where this server listens, unless the operator said where it is seen from outside.
        os.environ["ESTEIO_HTTP__PUBLIC_URL"] = Address(host, listening.getsockname()[1]).url
    if workers == 1:
        _answer(listening, None)
        return
    prepare_directory()
    http = settings.http
    command = (sys.executable, "-m", "esteio", "serve", "--fd", str(listening.fileno()))
    patience = http.drain_notice + http.drain_seconds + TO_CLOSE
    sys.exit(Fleet([command] * workers, patience=patience, descriptors=[listening.fileno()]).run())


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named since asyncio turns off Nagle's delay for sockets that say TCP, and for no others.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        raise StartRefused(f"Port {port} of {host} cannot be used: {error.strerror}.") from error
    listening.listen(CONNECTIONS_WAITING)
    listening.set_inheritable(True)
    return listening


def _answer(listening: socket.socket, started_fd: int | None) -> None:
    # The server and the application are heavy: a parent of workers never loads them.
    from esteio.cli.server import run

    lifeline = os.environ.get("ESTEIO_LIFELINE_FD")
    if lifeline is not None:
        end_with(int(lifeline))
    run(listening, started_fd)
