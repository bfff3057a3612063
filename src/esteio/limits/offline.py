"""Deciding while Redis is gone: each policy as it declares, within this process's even share."""

from collections.abc import Callable, Sequence

from esteio.base.clock import Clock
from esteio.base.errors import Unavailable
from esteio.limits.account import Account
from esteio.limits.decision import Admitted, Decision, Refused
from esteio.limits.ledger import Ledger
from esteio.limits.near import NEAR, Near
from esteio.limits.slot import Slot
from esteio.limits.tally import Tally

RETRY = 2


class Offline:
    """Admits under open policies up to the quota divided by the processes last seen, at least one request a window."""

    def __init__(self, clock: Clock, processes: Callable[[], int], tally: Callable[[Slot], Tally], near: Near) -> None:
        self._clock = clock
        self._processes = processes
        self._tally = tally
        self._near = near

    def decide(self, account: Account, lacking: Sequence[Slot], now: float) -> Decision:
        """The verdict where `lacking` slots hold no units. `Unavailable` when one of them fails closed."""
        for slot in lacking:
            if slot.enforced and slot.policy.fail == "closed":
                self._tally(slot).unavailable += 1
                raise Unavailable(
                    retry_after=RETRY, operator=f"limit {slot.policy.name} fails closed and Redis is gone"
                )
        short = [slot for slot in lacking if self._free(slot, now) < slot.cost]
        refusing = [slot for slot in short if slot.enforced]
        if refusing:
            return self._refuse(account, refusing, lacking, now)
        return self._admit(account, lacking, short, now)

    def _admit(self, account: Account, lacking: Sequence[Slot], short: Sequence[Slot], now: float) -> Decision:
        for slot in account.slots:
            if slot in short:
                slot.refused += 1
                self._tally(slot).shadowed += 1
            elif slot in lacking:
                _ledger(slot).take(now, slot.cost)
                self._tally(slot).approximate += 1
            elif slot.usable(now):
                slot.left -= slot.cost
        return Admitted(account, now, self._remains(account, lacking, now), approximate=True)

    def _refuse(self, account: Account, refusing: Sequence[Slot], lacking: Sequence[Slot], now: float) -> Decision:
        for slot in refusing:
            slot.refused += 1
            self._tally(slot).refused += 1
        until, last = max(
            (_ledger(slot).opens(now, self._bound(slot), slot.cost), account.shown.index(slot)) for slot in refusing
        )
        return Refused(account, now, self._remains(account, lacking, now), last, until, approximate=True)

    def _remains(self, account: Account, lacking: Sequence[Slot], now: float) -> list[int]:
        for slot in lacking:
            self._tell_reset(slot, now)
            if self._free(slot, now) <= self._bound(slot) * (1 - NEAR):
                self._near.keep(slot)
        return [self._free(slot, now) if slot in lacking else slot.left + slot.rest for slot in account.shown]

    def _tell_reset(self, slot: Slot, now: float) -> None:
        bound = self._bound(slot)
        opens = _ledger(slot).opens(now, bound, min(bound, self._free(slot, now) + 1))
        slot.reset_instant = opens
        slot.reset_at = int(self._clock.now().timestamp() + opens - now) + 1

    def _free(self, slot: Slot, now: float) -> int:
        return _ledger(slot).free(now, self._bound(slot))

    def _bound(self, slot: Slot) -> int:
        return max(slot.cost, slot.policy.quota // self._processes())


def _ledger(slot: Slot) -> Ledger:
    if slot.ledger is None:
        slot.ledger = Ledger(slot.policy.bucket)
    return slot.ledger
