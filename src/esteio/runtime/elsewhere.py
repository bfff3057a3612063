"""Replicas and what they demand of writers, opened where the settings name replicas."""

from esteio.db.replicas import Primary, Replicas
from esteio.http.consistency import Consistency
from esteio.resources import Resources


class Elsewhere:
    """A part of a process: with `reads` its reads may go to replicas, and what it commits is remembered in any case."""

    def __init__(self, resources: Resources, *, reads: bool) -> None:
        self._database = database = resources.database
        now, settings = resources.clock.monotonic, database.settings
        self.primary = Primary(database, now)
        self.replicas = Replicas(settings, database.connector, self.primary, now) if reads else None
        self.consistency = Consistency(
            self.primary, resources.redis, resources.bulletin, resources.keyring, resources.clock, settings.replica_lag
        )

    async def open(self) -> None:
        """Look at the replicas from now on; one that is away is found when it comes."""
        if self.replicas is not None:
            await self.replicas.open()
            self._database.replicas = self.replicas
        self._database.committed = self.consistency.committed

    async def close(self) -> None:
        self._database.replicas = self._database.committed = None
        if self.replicas is not None:
            await self.replicas.close()
        await self.primary.close()


def elsewhere(resources: Resources, *, reads: bool) -> Elsewhere | None:
    """The part, or `None` where no replica is configured: then it costs nothing."""
    return Elsewhere(resources, reads=reads) if resources.database.settings.replica_url else None
