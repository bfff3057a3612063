"""How old the last good reading is: as metrics of the worker, and as a part of the house's health."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache

from prometheus_client import Counter, Gauge
from sqlalchemy import select

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.reading import reading
from esteio.manifest import Degraded, HealthCheck
from esteio.resources import Resources
from esteio.services.outages.models import OmsMark
from esteio.services.outages.settings import OutagesSettings


@cache
def last_read() -> Gauge:
    """Its age is `time()` minus this."""
    return Gauge(
        "esteio_outages_oms_last_read_timestamp_seconds",
        "When the last good reading of the outage management system began",
        multiprocess_mode="max",
    )


@cache
def readings() -> Counter:
    """Readings by outcome: read, failed, doubted."""
    return Counter("esteio_outages_oms_readings_total", "Readings of the outage management system", ["outcome"])


@cache
def bad_rows() -> Counter:
    return Counter("esteio_outages_oms_bad_rows_total", "Rows of the outage management system that cannot be used")


def health(section: OutagesSettings) -> Mapping[str, HealthCheck]:
    """The check of the readings, where there is something to read."""
    if not section.oms_url.get_secret_value():
        return {}
    late = timedelta(minutes=section.oms_late)

    async def recently_read(resources: Resources) -> None:
        rows = await resources.database.read(DEFAULT_TENANT, reading(select(OmsMark.read_until)))
        read_until: datetime | None = rows[0]["read_until"] if rows else None
        if read_until is None:
            raise Degraded("the outage management system has not been read yet")
        if resources.clock.now() - read_until > late:
            raise Degraded(f"the outage management system was last read at {read_until:%Y-%m-%dT%H:%M:%SZ}")

    return {"outages.oms": recently_read}
