"""The port on which a command shows the metrics of all its processes."""

import os

from esteio.telemetry.metrics import enter, serve_metrics
from esteio.telemetry.metrics.processes import OWN, of_the_parent
from esteio.telemetry.settings import TelemetrySettings

_PORT = "ESTEIO_TELEMETRY__METRICS_PORT"


def choose_port(port: int | None) -> None:
    """What the command line says comes before the setting, here and in the processes that are started."""
    if port is not None:
        os.environ[_PORT] = str(port)


def show_metrics(settings: TelemetrySettings, parent: str = "") -> None:
    """Answer scrapes, where a port is set. `parent` is the name of a process that only looks after others.

    Raises `StartRefused` where the address cannot be used.
    """
    if parent:
        enter(parent)
    if settings.metrics_port is None:
        return
    token = settings.metrics_token.get_secret_value()
    serve_metrics(
        settings.metrics_host,
        settings.metrics_port,
        token,
        (lambda: list(of_the_parent(OWN.name, OWN.since))) if parent else list,
    )
