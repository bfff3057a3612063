"""JSON whose numbers stay exact: an amount goes out as it is kept, with its cents."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from esteio.standins.wire import Answer

CENT = Decimal("0.01")
DEEPEST = 50
ZERO = Decimal("0.00")
MOST = Decimal(10_000_000)


def read(body: bytes) -> dict[str, Any]:
    """The object that a body is; an empty one is an empty object. Raises `ValueError`."""
    try:
        found = json.loads(body, parse_float=Decimal, parse_constant=_no_number) if body.strip() else {}
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("it is no object")
    _nested(found, DEEPEST)
    text(found).encode()
    return found


def money(value: object) -> Decimal | None:
    """A number with at most two decimals, as an amount; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    amount = Decimal(value)
    if not -MOST < amount < MOST or amount != amount.quantize(CENT):
        return None
    return amount.quantize(CENT)


def text(value: Any) -> str:
    """The value as JSON."""
    match value:
        case Decimal():
            return str(value)
        case dict():
            return "{" + ",".join(f"{json.dumps(str(name))}:{text(one)}" for name, one in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def answered(value: Any, status: int = 200) -> Answer:
    return Answer(status, text(value).encode())


def _nested(value: Any, left: int) -> None:
    if left == 0:
        raise ValueError("it is nested too deeply")
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _nested(one, left - 1)


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")
