"""What the limiter decided about one request, and what the caller may be told of it."""

import math
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from esteio.limits.account import Account
from esteio.limits.policy import Policy

APPROXIMATE = "Rate limits are approximate for the moment: the shared counter is unavailable."


class Standing(NamedTuple):
    """How a caller stands with one policy. `reset_at` is in whole seconds of the epoch on the server's clock."""

    policy: Policy
    remaining: int
    reset_at: int


class Decision:
    """One request's verdict over all of its policies: either every one was charged, or none.

    `at` is the instant of the process's monotonic clock at which it was taken. `remains` are the units left under
    each enforced policy: those at hand and those that were free when Redis was last asked, so other processes'
    spending since then is not in it. `settled` says that nothing can be given back any more.
    """

    allowed: ClassVar[bool]
    __slots__ = ("account", "approximate", "at", "remains", "settled")

    def __init__(self, account: Account, at: float, remains: Sequence[int], approximate: bool = False) -> None:
        self.account = account
        self.at = at
        self.remains = remains
        self.approximate = approximate
        self.settled = approximate

    @property
    def constrained(self) -> int:
        """Which of the shown policies allows the fewest requests more; the first of several, 0 when there is none."""
        found, fewest = 0, None
        for k, slot in enumerate(self.account.shown):
            left = self.remains[k] // slot.cost
            if fewest is None or left < fewest:
                found, fewest = k, left
        return found

    @property
    def policy(self) -> Policy | None:
        """The most constrained policy; `None` where only shadows watch."""
        shown = self.account.shown
        return shown[self.constrained].policy if shown else None

    @property
    def limit(self) -> int:
        """The quota of the most constrained policy."""
        policy = self.policy
        return policy.quota if policy else 0

    @property
    def remaining(self) -> int:
        """What remains under the most constrained policy."""
        return self.remains[self.constrained] if self.remains else 0

    @property
    def reset_at(self) -> int:
        """When more becomes free under the most constrained policy, in whole seconds of the epoch."""
        return self.standings()[self.constrained].reset_at if self.remains else 0

    @property
    def retry_after(self) -> int:
        """Whole seconds until the same request may be admitted: 0 when it was, else at least 1."""
        return 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the caller."""
        return (APPROXIMATE,) if self.approximate else ()

    def standings(self) -> list[Standing]:
        """Every enforced policy, in the order in which the account names them."""
        return [
            Standing(slot.policy, remaining, slot.reset_at)
            for slot, remaining in zip(self.account.shown, self.remains, strict=True)
        ]


class Admitted(Decision):
    """Every enforced policy was charged."""

    allowed = True
    __slots__ = ()


class Refused(Decision):
    """Nothing was charged."""

    allowed = False
    __slots__ = ("_until", "by")

    def __init__(
        self, account: Account, at: float, remains: Sequence[int], by: int, until: float, approximate: bool = False
    ) -> None:
        super().__init__(account, at, remains, approximate)
        self.by = by
        self._until = until

    @property
    def constrained(self) -> int:
        """The policy that refused; of several, the one that does so longest."""
        return self.by

    @property
    def retry_after(self) -> int:
        return max(1, math.ceil(self._until - self.at))
