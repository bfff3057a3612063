"""`esteio doctor`: what would be wrong with this deployment in production, why, and what to do."""

import asyncio
import os
import sys
from collections.abc import Collection
from pathlib import Path
from typing import NoReturn

import click
import orjson

from esteio.base.errors import StartRefused
from esteio.catalog import SHIPPED
from esteio.cli.services import services_named
from esteio.doctor import Examination, Habits, admitted, examine
from esteio.doctor.catalogue import CHECKS, NAMES
from esteio.doctor.examination import SETTINGS
from esteio.doctor.report import as_document, as_text, is_fine
from esteio.telemetry.logs import configure
from esteio.telemetry.settings import TelemetrySettings

FINE, FOUND, NOT_RUN = 0, 1, 2
_EPILOG = "Exit codes: 0 nothing that has to be mended, 1 errors (with --strict: or warnings), 2 it could not be run."


@click.command(epilog=_EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document")
@click.option("--only", multiple=True, metavar="NAME", help="Only this check; may be given more than once")
@click.option("--skip", multiple=True, metavar="NAME", help="All but this check; may be given more than once")
@click.option("--list", "listing", is_flag=True, help="List the checks and end")
@click.option("--strict", is_flag=True, help="Warnings count as errors do")
@click.option("--api-processes", type=click.IntRange(0, 10_000), help="API processes of all machines together")
@click.option("--worker-processes", type=click.IntRange(0, 10_000), help="Worker processes of all machines together")
@click.option("--host", default="", help="Address that the API listens on")
@click.option(
    "--certificate",
    "certificates",
    multiple=True,
    type=click.Path(path_type=Path),
    help="PEM file of a server in front; may be given more than once",
)
@click.option(
    "--patience", default=4.0, show_default=True, type=click.FloatRange(0.1, 60), help="Seconds for each server"
)
@click.option("--services", metavar="MODULE:NAME", help="Services to examine.  [default: the shipped ones]")
def doctor(
    as_json: bool,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    listing: bool,
    strict: bool,
    api_processes: int | None,
    worker_processes: int | None,
    host: str,
    certificates: tuple[Path, ...],
    patience: float,
    services: str | None,
) -> None:
    """Examine the configuration and the running system as they would be in production. Changes nothing."""
    if listing:
        for check in CHECKS:
            click.echo(f"{check.name:<20} {check.title}")
        return
    skipped = _skipped(only, skip)
    configure(TelemetrySettings(log_level="error", log_format="console"))
    habits = Habits(
        api_processes=api_processes,
        worker_processes=worker_processes,
        host=host,
        patience=patience,
        certificates=certificates,
    )
    manifests = services_named(services)
    patient = admitted(SHIPPED if manifests is None else manifests, habits)
    # Not asyncio.run, which waits at its end for threads: a name server or a disk that hangs would hold it up.
    examined = asyncio.new_event_loop().run_until_complete(examine(patient, CHECKS, skipped))
    _tell(examined, as_json=as_json, strict=strict)


def _skipped(only: Collection[str], skip: Collection[str]) -> set[str]:
    known = {SETTINGS, *NAMES}
    unknown = sorted({*only, *skip} - known)
    if unknown:
        raise StartRefused(f"There is no check {', '.join(unknown)}: `esteio doctor --list` shows all.")
    return {*skip, *(known - {*only} - {SETTINGS} if only else ())}


def _tell(examined: Examination, *, as_json: bool, strict: bool) -> NoReturn:
    if as_json:
        click.echo(orjson.dumps(as_document(examined, strict=strict), option=orjson.OPT_INDENT_2))
    else:
        click.echo(as_text(examined))
    sys.stdout.flush()
    # For the same reason without the interpreter's end, which waits for those threads too.
    os._exit(FINE if is_fine(examined, strict=strict) else FOUND)
