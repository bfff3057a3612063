"""Gauges of files."""

from functools import cache

from prometheus_client import Gauge


@cache
def free_bytes() -> Gauge:
    """By place: `store` where files are kept in a folder, `temp` where uploads are looked at."""
    return Gauge(
        "esteio_files_free_bytes",
        "Bytes that are free on the disk of the place",
        ["place"],
        multiprocess_mode="livemostrecent",
    )


@cache
def disk_bytes() -> Gauge:
    """The size of that disk."""
    return Gauge(
        "esteio_files_disk_bytes", "Bytes of the disk of the place", ["place"], multiprocess_mode="livemostrecent"
    )
