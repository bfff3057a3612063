"""How notifications are sent: as they should be, or as a receiver has to be able to bear them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

PARTS = {"x-signature", "x-request-id", "data.id", "ts", "v1"}
MOST_COPIES = 10


@dataclass(frozen=True, slots=True)
class Habits:
    """`drop` names what is left out (it is not in the signed text either); `stale` is the age of `ts` in seconds."""

    hold: bool = False
    lost: bool = False
    ipn: bool = False
    copies: int = 1
    seconds: bool = False
    wrong_secret: bool = False
    upper: bool = False
    stale: float = 0
    sign_again: bool = True
    drop: frozenset[str] = frozenset()


FLAGS = {one.name for one in fields(Habits) if one.type == "bool"}


def changed(habits: Habits, told: Mapping[str, Any]) -> Habits:
    """These, with what was told of them. Raises `ValueError`."""
    unknown = set(told) - {one.name for one in fields(Habits)}
    if unknown:
        raise ValueError(f"there is no {min(unknown)!r}; there are {', '.join(Habits.__slots__)}")
    if not all(isinstance(told[name], bool) for name in FLAGS & set(told)):
        raise ValueError(f"{', '.join(sorted(FLAGS))} are true or false")
    return replace(habits, **{name: _read(name, value) for name, value in told.items()})


def _read(name: str, value: Any) -> Any:
    match name:
        case "copies" if type(value) is not int or not 1 <= value <= MOST_COPIES:
            raise ValueError(f"copies are 1 to {MOST_COPIES}")
        case "stale" if isinstance(value, bool | str | None) or not 0 <= value < 10**9:
            raise ValueError("stale is a number of seconds")
        case "stale":
            return float(value)
        case "drop":
            if not isinstance(value, list | tuple) or not all(one in PARTS for one in map(str, value)):
                raise ValueError(f"drop is a list of {', '.join(sorted(PARTS))}")
            return frozenset(value)
    return value
