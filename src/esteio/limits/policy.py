"""What a limit is: data, never code."""

import re
from dataclasses import dataclass
from math import ceil
from typing import Literal, Self, get_args

Per = Literal["principal", "tenant", "address", "account", "account_address", "route"]
Fail = Literal["open", "closed"]
Mode = Literal["enforce", "shadow"]

BUCKETS = 10
"""A window is counted in so many buckets; it and one more must hold no more than the quota."""

SHORTEST = 1.0
LONGEST = 31 * 86_400.0
LARGEST = 1_000_000_000

UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400}
ALLOWED = "a rate is a count, a slash and a period, such as 60/minute, 10/second, 1000/hour, 5/day or 100/30s"

_RATE = re.compile(r"([1-9][0-9]{0,8})\s*/\s*([1-9][0-9]{0,5})?\s*([a-z]+?)s?", re.ASCII)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Policy:
    """At most `quota` units in any `window` seconds for each of whom `per` names; a request costs `cost` units.

    `per` "principal" means the caller, who is the address where nobody is signed in. `fail` says what happens while
    Redis is gone: "open" admits within a bound of each process's own, "closed" answers 503. A "shadow" policy counts
    and reports but refuses nobody. `ValueError` names what is allowed.
    """

    name: str
    quota: int
    window: float
    per: Per = "principal"
    cost: int = 1
    fail: Fail = "open"
    mode: Mode = "enforce"

    def __post_init__(self) -> None:
        _demand(bool(_NAME.fullmatch(self.name)), "a policy's name is 1 to 64 of a-z, 0-9, '.', '_' and '-'")
        _demand(1 <= self.quota <= LARGEST, f"a quota is between 1 and {LARGEST}")
        _demand(SHORTEST <= self.window <= LONGEST, "a window is between 1 second and 31 days")
        _demand(1 <= self.cost <= self.quota, "a cost is between 1 and the quota")
        for value, allowed in ((self.per, Per), (self.fail, Fail), (self.mode, Mode)):
            _demand(value in get_args(allowed), f"{value!r} is not one of {', '.join(get_args(allowed))}")

    @classmethod
    def of(
        cls, name: str, text: str, *, per: Per = "principal", cost: int = 1, fail: Fail = "open", mode: Mode = "enforce"
    ) -> Self:
        """The policy that a text such as `60/minute` describes."""
        quota, window = rate(text)
        return cls(name, quota, window, per, cost, fail, mode)

    @property
    def window_us(self) -> int:
        """The window in whole microseconds, rounded up."""
        return ceil(self.window * 1_000_000)

    @property
    def bucket_us(self) -> int:
        """A bucket's length in microseconds: so many of them are never shorter than the window."""
        return -(-self.window_us // BUCKETS)

    @property
    def bucket(self) -> float:
        """A bucket's length in seconds."""
        return self.bucket_us / 1_000_000


def rate(text: str) -> tuple[int, int]:
    """The quota and the window in seconds that a text names; `ValueError` says what is allowed."""
    match = _RATE.fullmatch(text.strip().lower())
    if match is None or match[3] not in UNITS:
        raise ValueError(f"{text!r} is not a rate: {ALLOWED}")
    window = int(match[2] or 1) * UNITS[match[3]]
    if window > LONGEST:
        raise ValueError(f"{text!r} is longer than 31 days")
    return int(match[1]), window


def _demand(held: bool, sentence: str) -> None:
    if not held:
        raise ValueError(sentence)
