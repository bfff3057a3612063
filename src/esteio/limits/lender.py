"""Takes units from Redis in batches, and brings back those that nobody needed."""

import math
from collections.abc import Callable, Sequence

from redis.exceptions import RedisError

from esteio.limits.census import Census
from esteio.limits.grant import grants
from esteio.limits.near import Near
from esteio.limits.policy import BUCKETS
from esteio.limits.script import lease_script
from esteio.limits.slot import Slot
from esteio.redis.client import RedisClient
from esteio.redis.errors import RedisUnavailable
from esteio.telemetry.logs import log

CAUTION = 4
"""A process takes at most this part of its even share of what is free, so that a small quota stays usable by all."""

WORTH_RETURNING = 10.0
"""Windows shorter than this, in seconds, are over before an idle process would bring anything back."""

MOST_AT_A_BEAT = 64
MOST_HOLDERS = 4096

Argument = int | str


class Lender:
    """Fills slots. A batch is deducted before any unit of it is spent; what is not spent may be brought back later."""

    def __init__(self, client: RedisClient, census: Census, monotonic: Callable[[], float], near: Near) -> None:
        self.asked = 0
        self._client = client
        self._census = census
        self._monotonic = monotonic
        self._near = near
        self._script = lease_script()
        self._holders: dict[Slot, tuple[float, int]] = {}

    async def lend(self, slots: Sequence[Slot]) -> bool:
        """Ask for what waits at these slots and for what they will soon need: all or none. False when Redis is gone."""
        now = self._monotonic()
        return await self._ask(slots, [self._wish(slot, now) for slot in slots])

    async def bring_back(self) -> None:
        """Return what slots have held since the last time without spending any of it."""
        now = self._monotonic()
        for slot, before in list(self._holders.items())[:MOST_AT_A_BEAT]:
            del self._holders[slot]
            slot.usable(now)
            if slot.stamp != before and slot.alive:
                self._holders[slot] = slot.stamp
                continue
            slot.empty()
            if slot.returns and slot.alive:
                await self._ask([slot], [self._nothing(slot)])

    async def _ask(self, slots: Sequence[Slot], wishes: Sequence[Sequence[Argument]]) -> bool:
        self.asked += 1
        arguments = [argument for wish in wishes for argument in wish]
        buckets_us = [slot.policy.bucket_us for slot in slots]
        sent = self._monotonic()
        try:
            answer = await self._client.run(self._script, [slot.key for slot in slots], arguments)
        except RedisUnavailable:
            return False
        except RedisError as error:
            log("esteio.limits").error("limits.script_failed", error=str(error))
            return False
        seen, parts = grants(answer, buckets_us, sent, self._monotonic())
        for slot, part in zip(slots, parts, strict=True):
            if slot.alive:
                slot.fill(part, seen)
                self._watch(slot)
                self._near.note(slot)
        return True

    def _wish(self, slot: Slot, now: float) -> list[Argument]:
        policy, processes = slot.policy, self._census.processes
        more, ahead = slot.demand.measure(now, slot.left, policy.bucket, policy.quota // processes)
        need = max(slot.cost, slot.waiting)
        steady = min(ahead, 1 + 2 * policy.quota // ((BUCKETS + 1) * processes))
        return self._row(slot, need, need + more, ahead, self._divisor(slot, processes, now), steady)

    def _divisor(self, slot: Slot, processes: int, now: float) -> int:
        if processes == 1:
            return 1
        return max(1, processes // 4) if slot.demand.pressed(now) else CAUTION * processes

    def _nothing(self, slot: Slot) -> list[Argument]:
        return self._row(slot, 0, 0, 0, 1, 0)

    def _row(self, slot: Slot, need: int, want: int, ahead: int, divisor: int, steady: int) -> list[Argument]:
        policy = slot.policy
        slot.set_ahead_aside()
        terms: tuple[Argument, ...] = (policy.quota, policy.bucket_us, slot.cost, need, want, ahead, divisor, steady)
        return [*terms, int(slot.enforced), slot.epoch, slot.take_returns()]

    def _watch(self, slot: Slot) -> None:
        idle = slot.left > slot.waiting or slot.starts() < math.inf
        if idle and slot.policy.window >= WORTH_RETURNING and len(self._holders) < MOST_HOLDERS:
            self._holders[slot] = slot.stamp
