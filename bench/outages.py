"""P12: the regulator's answer over a million stored outages: the database's time for it."""

import re
import statistics

from bench.engines import Engines
from bench.house import House
from bench.points import Point
from bench.report import Line, verdict
from bench.stored_outages import DATABASE
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.tenancy import SETTING
from esteio.services.outages.active import AT_MOMENT

BAR = 50.0
MILLISECONDS = re.compile(r"(?:Planning|Execution) Time: ([0-9.]+) ms")


def lines(house: House, known: dict[str, Point], times: int, seconds: float) -> list[Line]:
    """The database's time, planning included, as the API's role and tenant, for now and for six days ago."""
    told = []
    for what, moment in (("now", "now()"), ("six days ago", "now() - interval '6 days'")):
        took = statistics.median(_asked(house.engines, moment) for _ in range(max(times, 5)))
        work = f"the same asked of the database, {what}"
        told.append(Line("P12", work, f"{took:.1f} ms", bar=f"< {BAR:.0f} ms", met=verdict(took, BAR)))
    return told


def _asked(engines: Engines, moment: str) -> float:
    query = AT_MOMENT.plain.replace("$1", moment)
    script = f"SET ROLE esteio_runtime; SET {SETTING} = '{DEFAULT_TENANT}'; EXPLAIN (ANALYZE, TIMING OFF) {query}"
    return sum(float(found) for found in MILLISECONDS.findall(engines.psql(script, DATABASE)))
