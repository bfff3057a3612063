"""The limiter's tallies as Prometheus counters, brought up to date once a second and off the hot path."""

import asyncio
from contextlib import suppress
from dataclasses import fields

from esteio.limits.limiter import Limiter
from esteio.limits.tally import Tally
from esteio.telemetry.metrics import limit_decisions, limit_round_trips

EVERY = 1.0


class LimitMetrics:
    """Adds what happened since the last time, by policy and outcome."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._told: dict[tuple[str, str], int] = {}
        self._asked = 0
        self._running: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._running = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        self.tell()

    def tell(self) -> None:
        """Bring the counters up to date."""
        self._limiter.add_up()
        for policy, tally in self._limiter.tallies.items():
            for outcome in _OUTCOMES:
                count = getattr(tally, outcome)
                more = count - self._told.get((policy, outcome), 0)
                if more:
                    limit_decisions().labels(policy, outcome).inc(more)
                    self._told[policy, outcome] = count
        asked = self._limiter.asked
        limit_round_trips().inc(asked - self._asked)
        self._asked = asked

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            self.tell()


_OUTCOMES = tuple(field.name for field in fields(Tally))
