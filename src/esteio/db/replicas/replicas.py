"""All replicas of a deployment as one process sees them: which of them may answer a read."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any

import asyncpg

from esteio.base.errors import EsteioError
from esteio.db.connecting import Connector
from esteio.db.patience import Patience
from esteio.db.replicas import metrics
from esteio.db.replicas.allowance import Allowance
from esteio.db.replicas.positions import Samples
from esteio.db.replicas.primary import Primary
from esteio.db.replicas.replica import Crowded, Failure, Replica
from esteio.db.settings import DatabaseSettings
from esteio.telemetry.context import current

_LOOKS_A_BOUND = 8
_MOST_OFTEN, _LEAST_OFTEN = 0.025, 0.5


class Replicas:
    """Looks at each replica, and at where the primary is, several times within the bound of staleness, never per read.

    Once opened it is given to the `Database`. A read goes to the primary unless its request carries an `Allowance`
    that a replica meets; so does one that its replica does not answer in time. `answered` counts those that replicas
    did answer.
    """

    def __init__(
        self, settings: DatabaseSettings, connector: Connector, primary: Primary, now: Callable[[], float]
    ) -> None:
        self.every = min(max(settings.replica_lag / _LOOKS_A_BOUND, _MOST_OFTEN), _LEAST_OFTEN)
        self.all = [Replica(address.get_secret_value(), settings, connector) for address in settings.replica_url]
        self.answered = 0
        self._settings = settings
        self._primary = primary
        self._now = now
        self._samples = Samples(self.every / 2)
        self._turns = count()
        self._looking: list[asyncio.Task[None]] = []
        self._went = {target: metrics.reads().labels(target) for target in ("primary", "replica", "fallback")}
        primary.heard, primary.turned = self._heard, self._samples.clear

    async def open(self) -> None:
        for replica in self.all:
            await replica.open()
        self._looking = [
            asyncio.create_task(self._forever(self._ask_primary)),
            *(asyncio.create_task(self._forever(partial(self._look, replica))) for replica in self.all),
        ]

    async def close(self) -> None:
        for task in self._looking:
            task.cancel()
        for task in self._looking:
            with suppress(asyncio.CancelledError):
                await task
        for replica in self.all:
            replica.close()

    def staleness(self, replica: Replica) -> float:
        """Seconds that what the replica shows may be old at most, as far as is known; infinite where it is not."""
        return self._now() - replica.horizon

    def words(self) -> dict[str, str]:
        """By replica's name, what keeps it from being asked; empty where nothing does."""
        return {replica.name: self._fault(replica) for replica in self.all}

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Sequence[asyncpg.Record] | None:
        """The rows from a replica, or `None`: then the primary is asked."""
        allowance: Allowance | None = getattr(current.get(), "allowance", None)
        replica = await self._replica(allowance) if allowance is not None else None
        if allowance is None or replica is None:
            self._went["primary"].inc()
            return None
        try:
            with Patience(self._settings.replica_timeout, self._settings.request_timeout) as seconds:
                async with asyncio.timeout(seconds):
                    rows = await replica.fetch(sql, arguments)
        except (*Failure, Crowded, EsteioError):
            allowance.replica = None
            self._went["fallback"].inc()
            return None
        self._went["replica"].inc()
        self.answered += 1
        return rows

    async def _replica(self, allowance: Allowance) -> Replica | None:
        if not allowance.chosen:
            allowance.chosen = True
            allowance.replica = await self._choose(allowance)
        replica = allowance.replica
        return replica if replica is not None and self._meets(replica, allowance.since, 0) else None

    async def _choose(self, allowance: Allowance) -> Replica | None:
        if not any(self._meets(replica, allowance.since, 0) for replica in self.all):
            return None
        floor = await allowance.floor()
        if floor is None:
            return None
        fit = [replica for replica in self.all if self._meets(replica, allowance.since, floor)]
        return fit[next(self._turns) % len(fit)] if fit else None

    def _meets(self, replica: Replica, since: float, floor: int) -> bool:
        oldest = max(since, self._now() - self._settings.replica_lag)
        return replica.standing and replica.horizon >= oldest and replica.replayed >= floor

    def _fault(self, replica: Replica) -> str:
        if not replica.standing:
            return replica.fault
        behind = self.staleness(replica)
        return "" if behind <= self._settings.replica_lag else f"it is {behind:.1f} s behind"

    async def _forever(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            await step()
            await asyncio.sleep(self.every)

    async def _ask_primary(self) -> None:
        with suppress(EsteioError):
            await self._primary.position()
        for replica in self.all:
            behind = self.staleness(replica)
            metrics.usable().labels(replica.name).set(not self._fault(replica))
            metrics.lag().labels(replica.name).set(behind)

    async def _look(self, replica: Replica) -> None:
        if self._primary.history is None:
            with suppress(EsteioError):
                await self._primary.position()
        await replica.look(self._primary.history)
        if replica.standing:
            replica.horizon = self._samples.horizon(replica.replayed)

    def _heard(self, asked_at: float, position: int) -> None:
        self._samples.add(asked_at, position)
        for replica in self.all:
            if replica.standing:
                replica.horizon = self._samples.horizon(replica.replayed)
