"""How an order stands by its payments: what of them is its money, and to which state they lead. Pure functions."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from esteio.services.petstory.states import AWAITING, State, may

HELD = ("approved", "in_mediation")
"""Statuses of a payment whose money is here, but for what went back of it."""

GONE = ("refunded", "charged_back")
"""Statuses of a payment whose money was here and is not any more."""

PAID = ("approved", *GONE)
"""Statuses of a payment that paid its order, whatever became of the money then."""

UNDER_WAY = ("pending", "in_process", "authorized", "in_mediation")
ENDED = ("rejected", "cancelled")
RANKS = {
    **dict.fromkeys(("pending", "in_process", "authorized"), 1),
    **dict.fromkeys((*ENDED, "approved"), 2),
    "in_mediation": 3,
    "refunded": 4,
    "charged_back": 5,
}
"""Which of two readings of one instant is the later one."""

FOREIGN = frozenset({"live_mode", "currency", "reference"})
"""Doubts that say: this is no money of the order. A payment of the wrong amount is money all the same."""

UNSETTLED = AWAITING | {"expired"}
ZERO = Decimal("0.00")


class Paid(Protocol):
    """What is looked at of a payment."""

    @property
    def status(self) -> str: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def refunded(self) -> Decimal: ...
    @property
    def doubt(self) -> str | None: ...


def net(payment: Paid) -> Decimal:
    """What of a payment is here: what arrived minus what went back, nothing where it is not the order's money."""
    if payment.doubt in FOREIGN or payment.status not in HELD:
        return ZERO
    return max(payment.amount - payment.refunded, ZERO)


def steps(state: State, payments: Sequence[Paid]) -> list[State]:
    """The states that the order enters now, one after the other. Only payments that are believed count."""
    believed = [one for one in payments if one.doubt is None]
    paid = [one for one in believed if one.status in PAID]
    if state not in UNSETTLED:
        gone = _gone(believed) if paid else None
        return [gone] if gone and may(state, gone) else []
    if paid:
        gone = _gone(believed)
        return ["paid", gone] if gone else ["paid"]
    to = _awaited(believed)
    return [to] if to and may(state, to) else []


def _gone(believed: Sequence[Paid]) -> State | None:
    """What an order becomes that was paid and has no money any more."""
    if any(net(one) > 0 for one in believed):
        return None
    return "charged_back" if any(one.status == "charged_back" for one in believed) else "refunded"


def _awaited(believed: Sequence[Paid]) -> State | None:
    if any(one.status in UNDER_WAY for one in believed):
        return "payment_pending"
    return "payment_rejected" if any(one.status in ENDED for one in believed) else None
