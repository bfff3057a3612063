"""`esteio outages …` as its group runs it, in this process: for what a process of its own would not prove better."""

import asyncio
import csv
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from click.testing import CliRunner

from esteio.base.clock import SystemClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.catalog import SHIPPED
from esteio.resources import Resources, open_resources
from esteio.runtime.opening import make_resources, sections
from esteio.services.outages.commands import outages
from esteio.settings import read_settings
from tests.cli.command import Run
from tests.house import sql

T = TypeVar("T")
BOA_VISTA, CANTA = 1400100, 1400175


class Desk:
    """An operator's desk, with a database of which the conjunto 12727 serves two municípios."""

    def run(self, service: str, work: Callable[[Resources, Any], Coroutine[Any, Any, T]]) -> T:
        """As the command's own desk does it, in this process."""
        settings = read_settings(sections(SHIPPED), environ=self.given)

        async def working() -> T:
            async with open_resources(make_resources(settings, SystemClock(), SHIPPED)) as resources:
                return await work(resources, settings.services[service])

        return asyncio.run(working())

    def __init__(self, given: dict[str, str], place: Path) -> None:
        self.given, self.place = given, place
        self.sql("TRUNCATE outages, outage_areas, outage_universe, outbox, outbox_queue CASCADE")
        for municipio, served in ((BOA_VISTA, 900), (CANTA, 100)):
            self.sql(
                "INSERT INTO outage_universe (tenant_id, conjunto, municipio, served, updated_at) "
                "VALUES ($1, 12727, $2, $3, now())",
                DEFAULT_TENANT,
                municipio,
                served,
            )

    def sql(self, statement: str, *values: Any) -> list[Any]:
        return sql(self.given["ESTEIO_DATABASE__URL"], statement, *values)

    def file(self, content: bytes, name: str = "file.csv") -> str:
        (self.place / name).write_bytes(content)
        return str(self.place / name)

    def imported(self, content: bytes, *options: str) -> Run:
        return self.invoked("import", self.file(content), *options)

    def invoked(self, *words: str) -> Run:
        done = CliRunner().invoke(outages, list(words), obj=self, env=self.given)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Run(done.exit_code, done.stdout, done.stderr)

    def rejected(self, content: bytes, *options: str) -> list[tuple[int, str]]:
        """Line and reason of what was rejected."""
        path = self.place / "rejects.csv"
        done = self.imported(content, "--rejects", str(path), *options)
        assert done.code == 0, done.said
        with path.open(encoding="utf-8", newline="") as file:
            return [(int(row["line"]), row["reason"]) for row in csv.DictReader(file)]

    def outages(self) -> list[Any]:
        return self.sql("SELECT * FROM outages ORDER BY started_at, external_id")

    def units(self) -> list[tuple[int, int, int]]:
        rows = self.sql("SELECT conjunto, municipio, affected FROM outage_areas ORDER BY affected DESC")
        return [tuple(row) for row in rows]
