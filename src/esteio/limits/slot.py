"""What one process holds of one counted key: units that it may spend without asking, and refusals it remembers."""

import math
from asyncio import Task

from esteio.limits.demand import Demand
from esteio.limits.grant import Grant, Sighting, Slice
from esteio.limits.ledger import Ledger
from esteio.limits.policy import Policy

NEVER = -math.inf
MOST_RETURNS = 16


class Slot:
    """The lease of one process on one key.

    `left` units may be spent at any instant before `until` and at none after: whoever spends compares the clock
    first, in the same step. `rest` is what else was free at the last answer, so `left + rest` is what a caller is
    told remains. `refused` counts refusals (a shadow policy's: what would have been some) that
    nobody has looked at yet. All instants are of this process's monotonic clock.
    """

    __slots__ = (
        "__weakref__",
        "_ahead",
        "_bucket",
        "_free",
        "alive",
        "asking",
        "cost",
        "demand",
        "enforced",
        "epoch",
        "key",
        "ledger",
        "left",
        "policy",
        "refused",
        "refused_until",
        "reset_at",
        "reset_instant",
        "rest",
        "returns",
        "since",
        "until",
        "waiting",
    )

    def __init__(self, policy: Policy, key: str) -> None:
        self.policy = policy
        self.key = key
        self.cost = policy.cost
        self.enforced = policy.mode == "enforce"
        self.alive = True
        self.left = 0
        self.since = self.until = self.refused_until = NEVER
        self.rest = self._free = policy.quota
        self.refused = 0
        self.reset_at = 0
        self.reset_instant = NEVER
        self.epoch = 0
        self.returns: dict[int, int] = {}
        self.waiting = 0
        self.asking: Task[bool] | None = None
        self.demand = Demand()
        self.ledger: Ledger | None = None
        self._bucket = 0
        self._ahead: list[Slice] = []

    def usable(self, now: float) -> bool:
        """Whether a request can be paid for at once; moves on to the slice whose time has come."""
        if now >= self.until and (self._ahead or self.until > NEVER):
            self._move_on(now)
        return self.left >= self.cost and now < self.until

    def starts(self) -> float:
        """The instant from which the next slice may be used; infinite when none is held."""
        return self._ahead[0].start if self._ahead else math.inf

    def fill(self, grant: Grant, seen: Sighting) -> None:
        """Take over what was granted and what was told."""
        if grant.epoch != self.epoch:
            self.epoch = grant.epoch
            self.returns.clear()
        self._take_present(grant.present)
        self._ahead += grant.ahead
        self._free = grant.free
        self._count_rest()
        reset_us = min(grant.next_us, seen.server_us + self.policy.window_us) if grant.free else grant.next_us
        self.reset_at = -(-reset_us // 1_000_000)
        self.reset_instant = seen.about(reset_us)
        self.refused_until = self._refused_until(grant, seen)

    def _refused_until(self, grant: Grant, seen: Sighting) -> float:
        """How long nothing more is to be had. Not known where asking again would bring units of one's own back.

        Those held in advance are kept for later only while callers are refused often enough to want each in its turn.
        """
        if not grant.opens_us or self.returns:
            return NEVER
        if self._ahead and not self.demand.pressed(seen.received):
            return NEVER
        return min(seen.about(grant.opens_us), self.starts())

    @property
    def taken(self) -> int:
        """Units that were not free when Redis was last asked, those held here among them."""
        return self.policy.quota - self._free

    @property
    def held(self) -> int:
        """Units that are taken and that nobody has spent: at hand, in advance, and set aside to be returned."""
        return self.left + sum(held.units for held in self._ahead) + sum(self.returns.values())

    @property
    def stamp(self) -> tuple[float, int]:
        """Changes whenever a unit is spent or a slice begins."""
        return self.until, self.left

    def empty(self) -> None:
        """Set everything held aside, to be returned."""
        self._set_aside(self._bucket, self.left)
        self.set_ahead_aside()
        self._lay(Slice(self._bucket, NEVER, NEVER, 0))

    def set_ahead_aside(self) -> None:
        """Give up what is held in advance, to be returned with the next question and asked for anew."""
        for held in self._ahead:
            self._set_aside(held.bucket, held.units)
        self._ahead.clear()

    def retire(self) -> None:
        """Hold nothing and be used no more: the policy was replaced."""
        self.empty()
        self.alive = False
        self.refused_until = NEVER

    def give_back(self, taken: float, now: float) -> None:
        """Undo one payment made at the instant `taken`, if the units it spent could still be spent."""
        if self.since <= taken and now < self.until:
            self.left += self.cost

    def take_returns(self) -> str:
        """What is set aside, as the script reads it; from now on it is no longer held here."""
        text = ",".join(f"{bucket}={units}" for bucket, units in self.returns.items())
        self.returns.clear()
        return text

    def _take_present(self, present: Slice) -> None:
        since, until, units = present.start, present.until, present.units
        if present.bucket == self._bucket and self.until > NEVER:
            since, until, units = self.since, max(until, self.until), units + self.left
        else:
            self._set_aside(self._bucket, self.left)
        units += sum(held.units for held in self._ahead if held.bucket == present.bucket)
        for held in self._ahead:
            if held.bucket < present.bucket:
                self._set_aside(held.bucket, held.units)
        self._ahead = [held for held in self._ahead if held.bucket > present.bucket]
        self._lay(Slice(present.bucket, since, until, units))

    def _move_on(self, now: float) -> None:
        self._set_aside(self._bucket, self.left)
        following = Slice(self._bucket, NEVER, NEVER, 0)
        while self._ahead and self._ahead[0].start <= now:
            self._set_aside(following.bucket, following.units)
            following = self._ahead.pop(0)
        self._lay(following)
        self._count_rest()
        if self.returns:
            # Nothing was free while these units were held; now they lapsed unspent and are free once brought back.
            self.refused_until = NEVER

    def _lay(self, present: Slice) -> None:
        self.demand.spent(self.left)
        self._bucket, self.since, self.until, self.left = present
        self.demand.begin(self.left)

    def _set_aside(self, bucket: int, units: int) -> None:
        if units and len(self.returns) < MOST_RETURNS:
            self.returns[bucket] = self.returns.get(bucket, 0) + units

    def _count_rest(self) -> None:
        self.rest = self._free + sum(held.units for held in self._ahead)
