"""`esteio scheduler`: carries jobs to workers, wakes what is due, takes back what was lost, tells the facts."""

import os

import click

from esteio.cli.lifeline import end_with
from esteio.cli.scrapes import choose_port, show_metrics
from esteio.telemetry.metrics import enter
from esteio.telemetry.notices import Notices


@click.command()
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Show metrics on this port")
@click.option("--services", metavar="MODULE:NAME", help="Services to work for.  [default: the shipped ones]")
def scheduler(metrics_port: int | None, services: str | None) -> None:
    """Run the scheduler. Any number may run at once: nothing is carried, fired or told twice for it."""
    # Heavy, and not needed for the help.
    from esteio.cli.services import services_named
    from esteio.worker.assembly import open_workshop
    from esteio.worker.scheduler import run_scheduler

    if (lifeline := os.environ.get("ESTEIO_LIFELINE_FD")) is not None:
        end_with(int(lifeline))
    notices = Notices.taken_from()
    choose_port(metrics_port)
    enter("scheduler")
    workshop = open_workshop("esteio-scheduler", services=services_named(services))
    show_metrics(workshop.settings.telemetry)
    run_scheduler(workshop, notices)
