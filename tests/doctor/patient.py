"""A deployment that is sound, on engines of its own, so that a test may harm one thing of it."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from esteio.base.clock import Clock, SystemClock
from esteio.catalog import SHIPPED
from esteio.doctor import Examination, Habits, Verdict, admitted, examine
from esteio.doctor.catalogue import CHECKS
from esteio.embedded.engines import Engines, running_engines
from esteio.migrations.runner import migrate
from esteio.runtime.opening import service_folders
from tests.house import nobody, patient, sql

KEY = "v3Rk8wQz1LmXc7TtYb5NnHs2GfJd9PaUe4WqZo6I-xB"
ELSEWHERE = frozenset({"public-certificate"})
"""Checks that would ask a server beyond this machine."""

ALIVE = (
    "INSERT INTO job_workers (id, queues, slots, seen_at) VALUES ('w', '{io,cpu}', 4, now() + interval '1 hour') "
    "ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, queues = excluded.queues",
    "INSERT INTO traffic_processes (writer, at, kind, name, cpu_seconds, memory_bytes, loop_lag, connections, "
    "most_connections, lost) SELECT gen_random_uuid(), now() + interval '1 hour', kind, kind, 0, 0, 0, 0, 0, 0 "
    "FROM unnest('{api,worker,scheduler}'::text[]) AS kind",
)
"""A worker of each queue and a process of each kind, that will not be missed while the tests run."""


@dataclass(frozen=True)
class Sound:
    """`found()` is what the doctor finds of it, as (check, severity); changes are settings and habits."""

    engines: Engines
    database_url: str
    redis_url: str
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    habits: Habits = field(default_factory=lambda: Habits(patience=15.0))
    clock: Clock = field(default_factory=SystemClock)

    def settings(self, **changes: str) -> dict[str, str]:
        given = {**sound_settings(self.database_url, self.redis_url, self.folder), **self.environment}
        return given | {f"ESTEIO_{name}": value for name, value in changes.items()}

    def examined(self, *, habits: Habits | None = None, clock: Clock | None = None, **changes: str) -> Examination:
        patient = admitted(SHIPPED, habits or self.habits, self.settings(**changes))
        patient = replace(patient, clock=clock or self.clock)
        return asyncio.run(examine(patient, CHECKS, ELSEWHERE))

    def found(
        self, *, habits: Habits | None = None, clock: Clock | None = None, **changes: str
    ) -> set[tuple[str, str]]:
        examined = self.examined(habits=habits, clock=clock, **changes)
        return {(check, finding.severity) for check, finding in examined.findings}

    def looked(self, names: tuple[str, ...], **changes: str) -> set[tuple[str, str]]:
        """What these checks alone find: nobody else asks a server that the changes name, and nothing is opened."""
        patient = admitted(SHIPPED, self.habits, self.settings(**changes))

        async def look() -> set[tuple[str, str]]:
            chosen = [check for check in CHECKS if check.name in names]
            return {(check.name, finding.severity) for check in chosen async for finding in check.look(patient)}

        return asyncio.run(look())

    def asked(self, names: tuple[str, ...], *, habits: Habits | None = None, **changes: str) -> dict[str, Verdict]:
        """What these checks come to, by name, where all that the settings name is opened."""
        patient = admitted(SHIPPED, habits or self.habits, self.settings(**changes))
        chosen = [check for check in CHECKS if check.name in names]
        return {verdict.check: verdict for verdict in asyncio.run(examine(patient, chosen)).verdicts}

    def sql(self, statement: str) -> None:
        sql(self.database_url, statement)


def sound_settings(database_url: str, redis_url: str, folder: Path) -> dict[str, str]:
    """As a careful operator would give them, where the engines are on the same machine."""
    return {
        "ESTEIO_ENVIRONMENT": "production",
        "ESTEIO_SECRET_KEY": KEY,
        "ESTEIO_DATABASE__URL": database_url,
        "ESTEIO_REDIS__URL": redis_url,
        "ESTEIO_HTTP__PUBLIC_URL": "https://api.unreached.invalid",
        "ESTEIO_HTTP__TRUSTED_HOSTS": "api.unreached.invalid",
        "ESTEIO_HTTP__TRUSTED_PROXIES": "10.0.7.0/24",
        "ESTEIO_HTTP__DRAIN_NOTICE": "3",
        "ESTEIO_HTTP__SWAGGER_UI": "false",
        "ESTEIO_HTTP__REDOC": "false",
        "ESTEIO_REALTIME__CONNECTIONS": "100",
        "ESTEIO_FILES__URL": f"file://{folder}",
        "ESTEIO_FILES__TEMP_DIR": str(folder),
        "ESTEIO_FILES__FREE_WARN_BYTES": "1",
        "ESTEIO_FILES__FREE_REFUSE_BYTES": "0",
        "ESTEIO_STORE__UPSTREAM_URL": nobody().replace("http", "https"),
        "ESTEIO_PETSTORY__MERCADOPAGO_URL": nobody().replace("http", "https"),
        "ESTEIO_OUTAGES__ALLOWED_NETWORKS": "200.198.220.128/25",
        "ESTEIO_OUTAGES__EMAIL": "ti@energia.invalid",
    }


@contextmanager
def sound_deployment() -> Iterator[Sound]:
    place = Path(tempfile.mkdtemp(prefix="esteio-doctor-"))
    folder = place / "files"
    folder.mkdir()
    try:
        with running_engines(place / "data") as engines:
            asyncio.run(migrate(patient(engines.database_url), service_folders(SHIPPED)))
            for statement in ALIVE:
                sql(engines.database_url, statement)
            yield Sound(engines, engines.database_url, engines.redis_url, folder)
    finally:
        shutil.rmtree(place, ignore_errors=True)
