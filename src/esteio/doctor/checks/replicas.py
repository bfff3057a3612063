"""Replicas as a process judges them: are they there, do they follow the primary, how far behind are they?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from esteio.base.finding import Finding, warning
from esteio.db.replicas import Primary, Replicas
from esteio.doctor.patience import NotKnown
from esteio.doctor.patient import Patient


async def replicas(patient: Patient) -> AsyncIterator[Finding]:
    """Each is watched until it may be asked, for as long as one server may take to answer."""
    settings = patient.settings.database
    if not settings.replica_url:
        return
    await patient.server.rows("SELECT 1")
    async with _watched(patient) as (primary, watched):
        with suppress(TimeoutError):
            async with asyncio.timeout(patient.habits.patience):
                while any(watched.words().values()):  # noqa: ASYNC110 - replicas are looked at every so often
                    await asyncio.sleep(watched.every)
        if primary.history is None:
            raise NotKnown("the primary does not say where its log ends")
        for name, fault in watched.words().items():
            if fault:
                yield _left_out(name, fault.replace("inf s", f"more than {patient.habits.patience:g} s"))


def _left_out(name: str, fault: str) -> Finding:
    return warning(
        f"The replica {name} is not asked: {fault.rstrip('.')}.",
        why="The primary answers its reads as well, and has to do without it when it is needed most.",
        fix="See whether it runs and follows the primary (pg_stat_replication there), or take it out of the setting.",
        variable="ESTEIO_DATABASE__REPLICA_URL",
    )


@asynccontextmanager
async def _watched(patient: Patient) -> AsyncIterator[tuple[Primary, Replicas]]:
    database = patient.resources.database
    primary = Primary(database, patient.clock.monotonic)
    watched = Replicas(database.settings, database.connector, primary, patient.clock.monotonic)
    await watched.open()
    try:
        yield primary, watched
    finally:
        await watched.close()
        await primary.close()
