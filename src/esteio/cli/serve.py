"""`esteio serve`: the API in one process, or in several behind the same sockets."""

import os
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from esteio.cli.fleet import Fleet
from esteio.cli.lifeline import end_with
from esteio.cli.listening import adopted, handed_over, on_path, on_port, url_of
from esteio.cli.pulse import Pulse
from esteio.cli.scrapes import choose_port, show_metrics
from esteio.settings import Settings, read_settings
from esteio.telemetry.logs import configure
from esteio.telemetry.metrics import prepare_directory
from esteio.telemetry.notices import Notices

TO_CLOSE = 8.0
"""Seconds that a worker may take beyond its drain: last calls, closing what it had opened."""


class Mode(click.ParamType[int]):
    """Permissions of a file in octal."""

    name = "octal"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            mode = int(str(value), 8)
        except ValueError:
            mode = -1
        if not 0 <= mode <= 0o777:
            self.fail(f"{value} is not a mode such as 660.", param, ctx)
        return mode


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on")
@click.option(
    "--uds", type=click.Path(path_type=Path), help="Listen on this Unix socket instead, for a proxy beside it"
)
@click.option("--uds-mode", default="660", show_default=True, type=Mode(), help="Permissions of the Unix socket")
@click.option(
    "--fd", "fds", type=click.IntRange(0), multiple=True, help="Listen on this open socket instead; may be repeated"
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that answer")
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Show metrics on this port, of all processes")
@click.option("--pulse-fd", type=int, hidden=True, help="Where to say that this worker has started and lives")
def serve(
    host: str,
    port: int,
    uds: Path | None,
    uds_mode: int,
    fds: tuple[int, ...],
    workers: int,
    metrics_port: int | None,
    pulse_fd: int | None,
) -> None:
    """Run the API. SIGTERM lets requests in flight end; SIGHUP replaces the workers one by one.

    Sockets that systemd hands over take the place of all others. Under systemd, or with several workers, a parent
    replaces workers that die or hang; a single process without systemd has none, and SIGHUP ends it as SIGTERM does.
    """
    if (lifeline := os.environ.get("ESTEIO_LIFELINE_FD")) is not None:
        end_with(int(lifeline))
    if pulse_fd is not None:
        _answer([adopted(fd) for fd in fds], Pulse(pulse_fd))
        return
    notices, activated = Notices.taken_from(), handed_over()
    choose_port(metrics_port)
    settings = read_settings(None)
    configure(settings.telemetry)
    with ExitStack() as stack:
        if activated or fds:
            listening = [adopted(fd) for fd in activated or fds]
        elif uds is not None:
            listening = [stack.enter_context(on_path(uds, uds_mode))]
        else:
            listening = [on_port(host, port)]
        if "public_url" not in settings.http.model_fields_set and (url := url_of(listening)) is not None:
            # Links lead to where this server listens, unless the operator said where it is seen from outside.
            os.environ["ESTEIO_HTTP__PUBLIC_URL"] = url
        if workers == 1 and not notices:
            _answer(listening, Pulse(None))
        else:
            sys.exit(_supervise(listening, workers, settings, notices))


def _supervise(listening: Sequence[socket.socket], workers: int, settings: Settings, notices: Notices) -> int:
    """Keep workers that answer on the sockets; the exit code."""
    prepare_directory()
    show_metrics(settings.telemetry, "serve-parent")
    descriptors = [one.fileno() for one in listening]
    command = [sys.executable, "-m", "esteio", "serve"]
    for descriptor in descriptors:
        command += ["--fd", str(descriptor)]
    http = settings.http
    patience = http.drain_notice + http.drain_seconds + TO_CLOSE
    return Fleet(
        [command] * workers,
        patience=patience,
        descriptors=descriptors,
        hang_seconds=settings.hang_seconds,
        notices=notices,
        release=lambda: _close(listening),
    ).run()


def _close(listening: Sequence[socket.socket]) -> None:
    """Callers who come once the last worker has closed are refused at once: where nobody accepts they would be lost."""
    for one in listening:
        one.close()


def _answer(listening: Sequence[socket.socket], pulse: Pulse) -> None:
    # The server and the application are heavy: a parent of workers never loads them.
    from esteio.cli.server import run

    run(listening, pulse)
