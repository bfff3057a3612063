"""The limiter: decides each request from what this process holds, and asks Redis only when it must."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from weakref import WeakValueDictionary

from redis.exceptions import RedisError

from esteio.base.clock import Clock, SystemClock
from esteio.limits.account import Account
from esteio.limits.board import Board
from esteio.limits.census import BEAT, Census
from esteio.limits.decision import Admitted, Decision, Refused
from esteio.limits.identity import Identity, counted_key
from esteio.limits.lender import Lender
from esteio.limits.near import Near
from esteio.limits.offline import Offline
from esteio.limits.policy import Policy
from esteio.limits.slot import Slot
from esteio.limits.tally import Admissions, Tally
from esteio.redis.client import RedisClient
from esteio.redis.errors import RedisUnavailable
from esteio.telemetry.logs import log

MOST_ACCOUNTS = 20_000
ROUNDS = 8
GAP = 0.005


class Limiter:
    """Limits over every process that shares the Redis of `client`.

    In no interval of a policy's window are more units admitted than its quota, by all processes together, as long as
    Redis keeps its data. `policies` are known by name and may be replaced while running. Memory is bounded by
    `most_accounts`. `tallies` are for metrics, `asked` counts questions to Redis,
    `board` tells who is near the end of a quota.
    """

    def __init__(
        self,
        client: RedisClient,
        policies: Iterable[Policy],
        *,
        clock: Clock | None = None,
        most_accounts: int = MOST_ACCOUNTS,
    ) -> None:
        self._client = client
        self._policies = {policy.name: policy for policy in policies}
        self._clock = clock or SystemClock()
        self._monotonic = self._clock.monotonic
        self._most = most_accounts
        self.tallies = {name: Tally() for name in self._policies}
        self._admissions: dict[tuple[str, ...], Admissions] = {}
        self._accounts: OrderedDict[tuple[tuple[str, ...], Identity], Account] = OrderedDict()
        self._slots: WeakValueDictionary[str, Slot] = WeakValueDictionary()
        self._census = Census(client)
        self._near = Near(self._monotonic)
        self._lender = Lender(client, self._census, self._monotonic, self._near)
        self._offline = Offline(self._clock, lambda: self._census.processes, self._tally, self._near)
        self.board = Board(client, self._census, self._near)
        self._beating: asyncio.Task[None] | None = None

    @property
    def asked(self) -> int:
        """Round trips to Redis for units so far."""
        return self._lender.asked

    def add_up(self) -> None:
        """Bring what was admitted into the tallies; a request that is uncharged afterwards stays counted."""
        for names, admissions in self._admissions.items():
            more, admissions.count = admissions.count, 0
            for name in names:
                self.tallies[name].admitted += more

    @property
    def processes(self) -> int:
        """Processes that were last seen sharing these limits."""
        return self._census.processes

    @property
    def policies(self) -> Mapping[str, Policy]:
        """The definitions in force."""
        return self._policies

    async def open(self) -> None:
        """Show this process to the others. Redis may be down: then limits are approximate until it is back."""
        await self._show()
        self._beating = asyncio.create_task(self._beat())

    async def close(self) -> None:
        """Stop, and let the others share at once what this process had."""
        if self._beating is not None:
            self._beating.cancel()
            with suppress(asyncio.CancelledError):
                await self._beating
        with suppress(RedisUnavailable, RedisError):
            await self.board.leave()
            await self._census.leave()

    def bind(self, names: tuple[str, ...], who: Identity) -> Account:
        """The account that pays for this identity's requests under the named policies; `KeyError` for unknown names.

        Cheap to repeat; a holder may also keep it.
        """
        bound = (names, who)
        account = self._accounts.get(bound)
        if account is None:
            admissions = self._admissions.setdefault(names, Admissions())
            account = self._accounts[bound] = Account(names, who, self._slots_of(names, who), admissions)
            if len(self._accounts) > self._most:
                self._accounts.popitem(last=False)
        else:
            self._accounts.move_to_end(bound)
        return account

    def replace(self, policies: Mapping[str, Policy]) -> None:
        """Put these definitions into force at once; names not among them keep theirs.

        Counts are kept, except where a window's length changed.
        """
        self._policies = self._policies | {policy.name: policy for policy in policies.values()}
        for name in self._policies:
            self.tallies.setdefault(name, Tally())
        for slot in list(self._slots.values()):
            if slot.policy != self._policies[slot.policy.name]:
                slot.retire()
                self._slots.pop(slot.key, None)

    def take(self, account: Account) -> Decision | None:
        """Decide with what this process holds or remembers; `None` when Redis must be asked, by `acquire`.

        `Unavailable` when Redis is gone and a policy fails closed.
        """
        now = self._monotonic()
        for slot in account.slots:
            if slot.left < slot.cost or now >= slot.until:
                return self._settle(account, now)
        remains = []
        for slot in account.slots:
            slot.left = left = slot.left - slot.cost
            remains.append(left + slot.rest)
        if len(account.shown) != len(remains):
            remains = _remains(account)
        account.admissions.count += 1
        return Admitted(account, now, remains)

    async def acquire(self, account: Account) -> Decision:
        """Decide, asking Redis where needed: within its client's deadline or little more.

        Requests that ask for the same at the same time share one round trip.
        """
        for _ in range(ROUNDS):
            decision = self.take(account)
            if decision is not None:
                return decision
            if not await self._obtain(account):
                break
        now = self._monotonic()
        return self._charge(account, now) or self._offline.decide(account, self._lacking(account, now), now)

    def give_back(self, decision: Decision) -> None:
        """Uncharge an admitted request; harmless when repeated. Units whose time has passed are not given back."""
        if not decision.allowed or decision.settled:
            return
        now = self._monotonic()
        for slot in decision.account.slots:
            slot.give_back(decision.at, now)
        shown = decision.account.shown
        decision.remains = [units + slot.cost for units, slot in zip(decision.remains, shown, strict=True)]
        decision.settled = True

    def _settle(self, account: Account, now: float) -> Decision | None:
        if not all(slot.alive for slot in account.slots):
            account.hold(self._slots_of(account.names, account.who))
        decision = self._charge(account, now)
        if decision is None and not self._client.available:
            return self._offline.decide(account, self._lacking(account, now), now)
        return decision

    def _charge(self, account: Account, now: float) -> Decision | None:
        short = [slot for slot in account.slots if not slot.usable(now)]
        refusing = [slot for slot in short if slot.enforced and slot.refused_until > now]
        if refusing:
            return self._refuse(account, refusing, now)
        if any(slot.refused_until <= now for slot in short):
            return None
        for slot in account.slots:
            if slot in short:
                slot.refused += 1
                self._tally(slot).shadowed += 1
            else:
                slot.left -= slot.cost
        account.admissions.count += 1
        decision = Admitted(account, now, _remains(account))
        decision.settled = bool(short)
        return decision

    def _refuse(self, account: Account, refusing: Sequence[Slot], now: float) -> Decision:
        for slot in refusing:
            slot.demand.refused()
            slot.refused += 1
            self._tally(slot).refused += 1
        longest = max(refusing, key=lambda slot: slot.refused_until)
        by = account.shown.index(longest)
        return Refused(account, now, _remains(account), by, longest.refused_until)

    async def _obtain(self, account: Account) -> bool:
        now = self._monotonic()
        lacking = self._lacking(account, now)
        if not lacking:
            return True
        gap = max(slot.starts() for slot in lacking) - now
        if gap <= GAP:
            await asyncio.sleep(max(0.0, gap))
            return True
        asking = next((slot.asking for slot in lacking if slot.asking is not None), None) or self._begin(lacking)
        return await _wait(asking, lacking)

    def _lacking(self, account: Account, now: float) -> list[Slot]:
        return [slot for slot in account.slots if not slot.usable(now) and slot.refused_until <= now]

    def _begin(self, slots: list[Slot]) -> "asyncio.Task[bool]":
        asking = asyncio.create_task(self._ask(slots))
        for slot in slots:
            slot.asking = asking
        return asking

    async def _ask(self, slots: list[Slot]) -> bool:
        try:
            return await self._lender.lend(slots)
        finally:
            for slot in slots:
                slot.asking = None

    def _slots_of(self, names: tuple[str, ...], who: Identity) -> tuple[Slot, ...]:
        return tuple(self._slot(self._policies[name], who) for name in names)

    def _slot(self, policy: Policy, who: Identity) -> Slot:
        key = counted_key(policy, who)
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = Slot(policy, key)
        return slot

    def _tally(self, slot: Slot) -> Tally:
        return self.tallies[slot.policy.name]

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            await self._show()

    async def _show(self) -> None:
        try:
            await self._census.show()
            await self._lender.bring_back()
            await self.board.tell()
        except RedisUnavailable:
            return
        except RedisError as error:
            log("esteio.limits").error("limits.beat_failed", error=str(error))


def _remains(account: Account) -> list[int]:
    return [slot.left + slot.rest for slot in account.shown]


async def _wait(asking: "asyncio.Task[bool]", slots: Sequence[Slot]) -> bool:
    for slot in slots:
        slot.waiting += slot.cost
    try:
        await asyncio.wait((asking,))
    finally:
        for slot in slots:
            slot.waiting -= slot.cost
    return asking.result()
