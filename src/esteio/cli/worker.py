"""`esteio worker`: processes that run jobs, one or more for each queue, replaced when they die."""

import os
import sys

import click

from esteio.base.errors import StartRefused
from esteio.cli.fleet import Fleet
from esteio.cli.lifeline import end_with
from esteio.cli.pulse import Pulse
from esteio.cli.scrapes import choose_port, show_metrics
from esteio.jobs.kinds import QUEUES
from esteio.settings import read_settings
from esteio.telemetry.logs import configure
from esteio.telemetry.metrics import enter, prepare_directory
from esteio.telemetry.notices import Notices

TO_CLOSE = 9.0
"""Seconds that a worker may take beyond its drain, a moment more than it allows itself."""


@click.command()
@click.option("--queues", default=",".join(QUEUES), show_default=True, help="Queues to work for, separated by commas")
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes for each queue")
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Show metrics on this port, of all processes")
@click.option("--services", metavar="MODULE:NAME", help="Services to work for.  [default: the shipped ones]")
@click.option("--queue", hidden=True, help="Be one process for this queue")
@click.option("--pulse-fd", type=int, hidden=True, help="Where to say that this process has started and lives")
def worker(
    queues: str,
    processes: int,
    metrics_port: int | None,
    services: str | None,
    queue: str | None,
    pulse_fd: int | None,
) -> None:
    """Run jobs. SIGTERM lets running jobs end for a while, then hands them back; SIGHUP replaces the processes."""
    if (lifeline := os.environ.get("ESTEIO_LIFELINE_FD")) is not None:
        end_with(int(lifeline))
    if queue is not None:
        sys.exit(_work(queue, services, Pulse(pulse_fd)))
    chosen = list(dict.fromkeys(filter(None, queues.replace(",", " ").split())))
    if not chosen or set(chosen) - set(QUEUES):
        raise StartRefused(f"--queues names one or more of {', '.join(QUEUES)}.")
    notices = Notices.taken_from()
    choose_port(metrics_port)
    settings = read_settings(None)
    configure(settings.telemetry)
    prepare_directory()
    show_metrics(settings.telemetry, "worker-parent")
    commands = [_command(one, services) for one in chosen for _ in range(processes)]
    patience = settings.jobs.drain + TO_CLOSE
    hang = settings.hang_seconds
    sys.exit(Fleet(commands, patience=patience, part="esteio.worker", hang_seconds=hang, notices=notices).run())


def _command(queue: str, services: str | None) -> list[str]:
    words = [sys.executable, "-m", "esteio", "worker", "--queue", queue]
    return words if services is None else [*words, "--services", services]


def _work(queue: str, services: str | None, pulse: Pulse) -> int:
    # Celery and the services are heavy: the parent of workers never loads them.
    from esteio.cli.services import services_named
    from esteio.worker.assembly import open_workshop
    from esteio.worker.process import WorkerProcess

    enter(f"worker-{queue}")
    workshop = open_workshop("esteio-worker", services=services_named(services))
    return WorkerProcess(workshop, queue).run(pulse.start, pulse.go_on)
