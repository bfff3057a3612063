"""This machine and what is installed on it."""

import resource
import sys
from collections.abc import AsyncIterator
from datetime import date
from importlib.util import find_spec

from esteio.base.finding import Finding, error, warning
from esteio.doctor.patient import Patient

END_OF_LIFE = {(3, 11): date(2027, 10, 31), (3, 12): date(2028, 10, 31), (3, 13): date(2029, 10, 31)}
"""When Python's own maintainers stop mending each version (PEP 664, 693, 719)."""

_OTHERS = 200
"""Files of a process that are no connections."""


async def open_files(patient: Patient) -> AsyncIterator[Finding]:
    settings = patient.settings
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    pools = 2 * settings.database.pool_max
    needed = settings.realtime.connections + settings.http.max_running + settings.files.max_downloads + pools + _OTHERS
    if most not in (resource.RLIM_INFINITY, -1) and most < needed:
        yield warning(
            f"A process may open {most} files here, and the settings let it need {needed}.",
            why="At that point new connections are refused, callers' and the house's own.",
            fix="Raise the limit (systemd: LimitNOFILE=65536; a shell: ulimit -n) where Esteio is started.",
            variable="ESTEIO_REALTIME__CONNECTIONS",
        )


async def python(patient: Patient) -> AsyncIterator[Finding]:
    version = sys.version_info[:2]
    ends = END_OF_LIFE.get(version)
    if ends is not None and patient.clock.now().date() > ends:
        yield warning(
            f"Python {version[0]}.{version[1]} is no longer maintained since {ends}.",
            why="What is found in it is not mended any more.",
            fix="Install Esteio with a newer Python.",
        )


async def extras(patient: Patient) -> AsyncIterator[Finding]:
    """What the settings ask for and is not installed."""
    settings = patient.settings
    oms = getattr(settings.services.get("outages"), "oms_url", None)
    story = settings.services.get("petstory")
    traces = settings.telemetry.traces_exporter
    wanted = {
        ("oracledb", "outages", "ESTEIO_OUTAGES__OMS_URL"): oms and oms.get_secret_value().startswith("oracle"),
        ("google.genai", "petstory", "ESTEIO_PETSTORY__ART"): story is not None and story.drawer == "gemini",
        ("opentelemetry.exporter.otlp.proto.http", "tracing", "ESTEIO_TELEMETRY__TRACES_EXPORTER"): traces == "otlp",
        ("opentelemetry.exporter.zipkin.json", "zipkin", "ESTEIO_TELEMETRY__TRACES_EXPORTER"): traces == "zipkin",
        ("pyrage", "backup", "ESTEIO_BACKUP__RECIPIENTS"): bool(settings.backup.recipients),
        ("sentry_sdk", "sentry", "ESTEIO_TELEMETRY__SENTRY_DSN"): bool(
            settings.telemetry.sentry_dsn.get_secret_value()
        ),
    }
    for (module, extra, variable), needed in wanted.items():
        if needed and not _installed(module):
            yield error(
                f"{module} is not installed, which the settings ask for.",
                why="The processes that need it do not start, or refuse that work.",
                fix=f"pip install 'esteio[{extra}]'",
                variable=variable,
            )


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
