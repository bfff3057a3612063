"""What a command does with a failure that nobody foresaw: a line, and a report where the settings name a place."""

from contextlib import suppress

from esteio.cli.server import read_settings_for_services
from esteio.telemetry.logs import configure, log
from esteio.telemetry.reports import flush
from esteio.telemetry.settings import TelemetrySettings


def tell(error: Exception, command: str) -> None:
    """Write and report it; this waits 2 s at most for the report to leave."""
    settings = TelemetrySettings(log_level="warning")
    with suppress(Exception):  # the settings themselves may be what is wrong
        settings = read_settings_for_services().telemetry
    configure(settings)
    log("esteio.cli").error("command.failed", command=command, exc_info=error)
    flush()
