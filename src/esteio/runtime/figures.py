"""What every kind of process tells of itself and of the whole house, and who tells the latter."""

import asyncio
import fcntl
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

from esteio.backups.ledger import backup_figures
from esteio.db.metrics import PoolGauges
from esteio.db.revisions import known_revisions, present_revisions
from esteio.db.tenancy import Connection
from esteio.jobs.census import Census, Count
from esteio.jobs.counts import DEAD_LETTERS, outbox, queues
from esteio.manifest import Manifest
from esteio.redis.metrics import RedisTally
from esteio.resources import Resources
from esteio.runtime.opening import migration_folders
from esteio.settings import Settings
from esteio.telemetry.logs import log
from esteio.telemetry.metrics import Family, publish
from esteio.telemetry.metrics.certificates import certificate_families
from esteio.telemetry.metrics.directory import shared
from esteio.telemetry.metrics.vitals import Tell, Vitals
from esteio.webhooks.counts import WEBHOOK_COUNTS

EVERY = 10.0
CERTIFICATES_EVERY = 300.0

OF_TENANTS = (DEAD_LETTERS, *WEBHOOK_COUNTS)


def make_census(resources: Resources, manifests: Iterable[Manifest]) -> Census:
    """What is counted in the database for the whole house."""
    folders = migration_folders(manifests)
    behind = _behind(folders)
    counts = (queues, outbox, _clock_of(resources), behind, backup_figures)
    return Census(resources.database, resources.clock, counts, OF_TENANTS)


def make_vitals(resources: Resources, tells: Sequence[Tell] = ()) -> Vitals:
    """What a process tells of itself."""
    return Vitals(
        (PoolGauges(resources.database).tell, RedisTally(resources.redis).tell, *tells), (resources.files.space.free,)
    )


class Figures:
    """Publishes the census and the ends of certificates for the server's port of metrics, where it has one.

    Of the processes of one server one does it; when it ends another takes over.
    """

    def __init__(self, census: Census, settings: Settings) -> None:
        self._census = census
        self._settings = settings
        self._lock = -1
        self._certificates: list[Family] = []
        self._looked_at = float("-inf")
        self._running: asyncio.Task[None] | None = None

    async def open(self) -> None:
        if self._settings.telemetry.metrics_port is not None:
            self._running = asyncio.create_task(self._run(), name="figures")

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    async def _run(self) -> None:
        while True:
            try:
                if self._leads():
                    publish([*await self._census.families(), *await self._ends()])
            except Exception:
                log("esteio.runtime").exception("figures.not_published")
            await asyncio.sleep(EVERY)

    def _leads(self) -> bool:
        folder = shared()
        if folder is None or self._lock >= 0:
            return True
        descriptor = os.open(folder / "figures", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    async def _ends(self) -> list[Family]:
        telemetry = self._settings.telemetry
        if monotonic() - self._looked_at >= CERTIFICATES_EVERY:
            url = self._settings.http.public_url if telemetry.certificate_of_public_url else ""
            if telemetry.certificates or url:
                self._certificates = await asyncio.to_thread(certificate_families, telemetry.certificates, url)
            self._looked_at = monotonic()
        return self._certificates


def _behind(folders: Sequence[Path]) -> Count:
    known = None

    async def behind(connection: Connection) -> list[Family]:
        nonlocal known
        if known is None:
            known = await asyncio.to_thread(known_revisions, folders)
        lacks = known.behind(await present_revisions(connection))
        family = Family("esteio_migrations_behind", "Whether the database lacks migrations of this release")
        return [family.add(1 if lacks else 0)]

    return behind


def _clock_of(resources: Resources) -> Count:
    async def skew(connection: Connection) -> list[Family]:
        before = resources.clock.now()
        theirs = await connection.fetchval("SELECT clock_timestamp()")
        after = resources.clock.now()
        ours = before + (after - before) / 2
        family = Family("esteio_clock_skew_seconds", "This machine's clock minus the database's")
        return [family.add((ours - theirs).total_seconds())]

    return skew
