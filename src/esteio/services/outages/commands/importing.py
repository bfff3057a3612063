"""`esteio outages import`: interruptions from ANEEL's open data."""

import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo, available_timezones

import click

from esteio.base.principal import Principal
from esteio.manifest import Desk
from esteio.resources import Resources
from esteio.services.outages.commands.offsets import Offset, OffsetType
from esteio.services.outages.commands.tenants import in_tenant, operator, writing
from esteio.services.outages.schemas import Report
from esteio.services.outages.shares import universe_of
from esteio.services.outages.sheet.lines import BadLine, Encoding
from esteio.services.outages.sheet.reading import Found, Sheet, newest_start, report_of
from esteio.services.outages.sheet.rejects import Rejects
from esteio.services.outages.use_cases.reporting import report

PORTION = 1_000
TOLD_EVERY = 2.0
NOTHING_READ = 1


@dataclass(slots=True)
class Tally:
    """What has become of the rows so far."""

    rows: int = 0
    others: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0

    @property
    def taken(self) -> int:
        return self.created + self.changed + self.unchanged


def _zone(_: click.Context, __: click.Parameter, name: str) -> ZoneInfo:
    if name not in available_timezones():
        raise click.BadParameter(f"{name} is no time zone such as America/Sao_Paulo")
    return ZoneInfo(name)


@click.command("import", short_help="Import interruptions from ANEEL's open data")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option(
    "--now-offset",
    type=OffsetType(),
    default=timedelta(),
    metavar="DURATION",
    help="Move every time by this: +365d, -12h, 1d12h, or auto, which makes the file's newest start now",
)
@in_tenant
@click.option("--rejects", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Where to write why")
@click.option("--agent", metavar="SIG", help="Only rows of this distributor, by its SigAgente")
@click.option("--encoding", type=click.Choice(["auto", "utf-8", "latin-1"]), default="auto", show_default=True)
@click.option("--zone", callback=_zone, default="America/Sao_Paulo", show_default=True, help="Zone of the file's times")
@click.pass_obj
def import_file(
    desk: Desk,
    file: Path,
    now_offset: Offset,
    tenant: str | None,
    rejects: Path | None,
    agent: str | None,
    encoding: Encoding,
    zone: ZoneInfo,
) -> None:
    """Import FILE, a CSV of ANEEL's interruptions in either layout.

    Rows that cannot be used are told with their line numbers and do not stop the others; importing a file twice changes
    nothing. Ends with 1 where no row could be used.
    """
    if rejects is not None and rejects.exists() and rejects.samefile(file):
        raise click.BadParameter("it is the file that is imported", param_hint="--rejects")
    with ExitStack() as stack:
        content = stack.enter_context(file.open("rb"))
        kept = stack.enter_context(rejects.open("w", encoding="utf-8", newline="")) if rejects else None
        importing = Import(file, content, Rejects(kept), encoding=encoding, zone=zone, agent=agent)

        async def work(resources: Resources, _: object) -> None:
            await importing.run(resources, await operator(resources, tenant), now_offset)

        try:
            importing.open()
        except BadLine as error:
            click.echo(f"{file.name} cannot be read: {error}.", err=True)
            sys.exit(NOTHING_READ)
        desk.run("outages", work)
    sys.exit(importing.conclude())


class Import:
    """One import of one file."""

    def __init__(
        self, path: Path, content: IO[bytes], rejects: Rejects, *, encoding: Encoding, zone: ZoneInfo, agent: str | None
    ) -> None:
        self._path, self._content, self._rejects = path, content, rejects
        self._sheet = Sheet(content, encoding=encoding, zone=zone, agent=agent)
        self._tally = Tally()
        self._told_at = time.monotonic()

    def open(self) -> None:
        """Look at the header. Raises `BadLine`."""
        self._sheet.open()

    async def run(self, resources: Resources, caller: Principal, offset: Offset) -> None:
        now = resources.clock.now()
        moved = self._to_now(now) if offset == "auto" else offset
        async with writing(resources, caller) as session:
            universe = await universe_of(session)
        portion: list[Report] = []
        for found in self._sheet.rows():
            self._count(found)
            if found.row is None:
                continue
            try:
                portion.append(report_of(found.row, moved, universe, now))
            except BadLine as error:
                self._rejects.add(found.line, str(error))
            if len(portion) == PORTION:
                await self._write(resources, caller, portion)
                portion.clear()
        if portion:
            await self._write(resources, caller, portion)

    def _to_now(self, now: datetime) -> timedelta:
        newest = newest_start(self._sheet)
        return now - newest if newest else timedelta()

    def _count(self, found: Found) -> None:
        self._tally.rows += 1
        if found.why:
            self._rejects.add(found.line, found.why)
        elif found.row is None:
            self._tally.others += 1
        if self._tally.rows % PORTION == 0:
            self._tell()

    async def _write(self, resources: Resources, caller: Principal, portion: list[Report]) -> None:
        async with writing(resources, caller) as session:
            done = await report(caller=caller, session=session, clock=resources.clock, source="csv", reports=portion)
        self._tally.created += len(done.created)
        self._tally.changed += len(done.changed)
        self._tally.unchanged += len(portion) - len(done.created) - len(done.changed)
        self._tell()

    def _tell(self) -> None:
        if time.monotonic() - self._told_at < TOLD_EVERY:
            return
        self._told_at = time.monotonic()
        share = 100 * self._content.tell() // max(1, self._path.stat().st_size)
        click.echo(f"{share:3d} %  {self._tally.rows} rows, {self._rejects.count} rejected", err=True)

    def conclude(self) -> int:
        """Say what became of the rows; the status to end with."""
        tally, rejects = self._tally, self._rejects
        others = f", {tally.others} of other distributors" if tally.others else ""
        click.echo(
            f"{tally.rows} rows in the layout of {self._sheet.layout}: {tally.created} new outages, "
            f"{tally.changed} changed, {tally.unchanged} as they were, {rejects.count} rejected{others}."
        )
        for why, number, first in rejects.reasons():
            click.echo(f"rejected {number}, first on line {first}: {why}", err=True)
        return 0 if tally.taken else NOTHING_READ
