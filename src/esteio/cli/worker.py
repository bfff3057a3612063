"""`esteio worker`: processes that run jobs, one or more for each queue, replaced when they die."""

import os
import sys

import click

from esteio.base.errors import StartRefused
from esteio.cli.fleet import Fleet
from esteio.cli.lifeline import end_with
from esteio.jobs.kinds import QUEUES
from esteio.settings import read_settings
from esteio.telemetry.logs import configure
from esteio.telemetry.metrics import prepare_directory, serve_metrics

TO_CLOSE = 9.0
"""Seconds that a worker may take beyond its drain, a moment more than it allows itself."""


@click.command()
@click.option("--queues", default=",".join(QUEUES), show_default=True, help="Queues to work for, separated by commas")
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes for each queue")
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Serve metrics on this port of 127.0.0.1")
@click.option("--services", metavar="MODULE:NAME", help="Services to work for.  [default: the shipped ones]")
@click.option("--queue", hidden=True, help="Be one process for this queue")
@click.option("--started-fd", type=int, hidden=True, help="Where to say that this process has started")
def worker(
    queues: str,
    processes: int,
    metrics_port: int | None,
    services: str | None,
    queue: str | None,
    started_fd: int | None,
) -> None:
    """Run jobs. SIGTERM lets running jobs end for a while, then hands them back; SIGHUP replaces the processes."""
    if (lifeline := os.environ.get("ESTEIO_LIFELINE_FD")) is not None:
        end_with(int(lifeline))
    if queue is not None:
        sys.exit(_work(queue, services, started_fd))
    chosen = list(dict.fromkeys(filter(None, queues.replace(",", " ").split())))
    if not chosen or set(chosen) - set(QUEUES):
        raise StartRefused(f"--queues names one or more of {', '.join(QUEUES)}.")
    settings = read_settings(None)
    configure(settings.telemetry)
    prepare_directory()
    if metrics_port is not None:
        serve_metrics(metrics_port)
    commands = [_command(one, services) for one in chosen for _ in range(processes)]
    sys.exit(Fleet(commands, patience=settings.jobs.drain + TO_CLOSE, part="esteio.worker").run())


def _command(queue: str, services: str | None) -> list[str]:
    words = [sys.executable, "-m", "esteio", "worker", "--queue", queue]
    return words if services is None else [*words, "--services", services]


def _work(queue: str, services: str | None, started_fd: int | None) -> int:
    # Celery and the services are heavy: the parent of workers never loads them.
    from esteio.cli.services import services_named
    from esteio.worker.assembly import open_workshop
    from esteio.worker.process import WorkerProcess

    def started() -> None:
        if started_fd is not None:
            os.write(started_fd, b"1")
            os.close(started_fd)

    return WorkerProcess(open_workshop("esteio-worker", services=services_named(services)), queue).run(started)
