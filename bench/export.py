"""P8: a CSV export of a million pets by a job, against psql's `\\copy` of the same query into a file beside it."""

import math
import statistics
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bench import memory, subject, workshop
from bench.engines import Engines
from bench.house import House
from bench.points import Point
from bench.report import Line, at_least, verdict
from bench.workshop import Workshop
from esteio.base.principal import DEFAULT_TENANT
from esteio.catalog import SHIPPED
from esteio.db.tenancy import SETTING
from esteio.services.pets import copies
from esteio.services.pets.schemas import PetsExport
from esteio.services.pets.tasks import EXPORT_PETS

DATABASE, REDIS_DB = "bench_export", 13
FEW = subject.ROWS // 10
BAR, MEMORY_BAR = 0.8, 100
ALL = PetsExport(format="csv")
SOME = PetsExport(
    format="csv", updated_since=datetime.fromisoformat(subject.EPOCH) + timedelta(seconds=subject.ROWS - FEW + 61)
)


@dataclass
class Seconds:
    """A value per round."""

    ours: list[float] = field(default_factory=list)
    few: list[float] = field(default_factory=list)
    psql: list[float] = field(default_factory=list)


def lines(house: House, known: dict[str, Point], times: int, seconds: float) -> list[Line]:
    """The speed, the growth with the rows, and the worker's memory over what it was before its first export."""
    engines = house.engines
    workshop.prepare(engines, DATABASE, SHIPPED)
    engines.psql(f"SET {SETTING} = '{DEFAULT_TENANT}'; {subject.FILL}", DATABASE)
    engines.psql("VACUUM ANALYZE pets", DATABASE)
    files = {"ESTEIO_FILES__URL": f"file://{engines.directory / 'files'}"}
    taken = Seconds()
    with workshop.opened(engines, DATABASE, REDIS_DB, more=files) as opened:
        pid = opened.worker.process.pid
        idle = memory.resident(pid)
        memory.forget_peaks(pid)
        for _ in range(times):
            taken.psql.append(_psql(engines))
            taken.ours.append(_export(engines, opened, ALL, subject.ROWS))
            taken.few.append(_export(engines, opened, SOME, FEW))
        over = (memory.peak(pid) - idle) / memory.MIB
    return _lines(taken, over, idle / memory.MIB)


def _export(engines: Engines, opened: Workshop, order: PetsExport, rows: int) -> float:
    """Seconds from the job's claim to its end."""
    ended = opened.done(engines, EXPORT_PETS, order)
    if ended.result is None or ended.result["rows"] != rows:
        raise SystemExit(f"an export of {rows} rows ended so: {ended}")
    return ended.seconds


def _psql(engines: Engines) -> float:
    """Seconds of a psql that copies what the job copies, as the same role and tenant, its own start included."""
    query = " ".join(copies.sheet_of(()).plain.split())
    file = engines.directory / "psql.csv"
    script = (
        f"SET ROLE esteio_runtime; SET {SETTING} = '{DEFAULT_TENANT}'; SET jit = off;\n"
        f"\\copy ({query}) TO '{file}' WITH (FORMAT csv, HEADER)\n"
    )
    began = time.monotonic()
    engines.psql(script, DATABASE)
    took = time.monotonic() - began
    file.unlink()
    return took


def _lines(taken: Seconds, over: float, idle: float) -> list[Line]:
    ours, few, psql = (statistics.median(each) for each in (taken.ours, taken.few, taken.psql))
    exponent = math.log(ours / few) / math.log(subject.ROWS / FEW)
    return [
        Line(
            "P8",
            f"CSV export of {subject.ROWS} pets by a job",
            f"{ours:.1f} s, {subject.ROWS / ours:.0f} rows/s",
            against=f"psql \\copy {psql:.1f} s",
            ratio=f"{psql / ours:.3f}",
            bar=f"≥ {BAR}",
            met=at_least(psql / ours, BAR),
        ),
        Line("P8", f"rows {FEW} → {subject.ROWS}", f"{few:.1f} → {ours:.1f} s", ratio=f"exponent {exponent:.2f}"),
        Line(
            "P8",
            "peak memory of the worker over idle",
            f"{over:.0f} MiB",
            against=f"idle {idle:.0f} MiB",
            bar=f"< {MEMORY_BAR} MiB",
            met=verdict(over, MEMORY_BAR),
        ),
    ]
