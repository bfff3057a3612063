"""By how much an import moves the times of a file, so that the past can be replayed as the present."""

import re
from datetime import timedelta
from typing import Literal

import click

_PART = re.compile(r"(\d{1,6})([dhms])", re.ASCII)
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}

Offset = timedelta | Literal["auto"]


class OffsetType(click.ParamType[Offset]):
    """`+365d`, `-12h`, `1d12h30m`, `0s`, or `auto`: then the newest start of the file becomes now."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Offset:
        if isinstance(value, timedelta) or value == "auto":
            return value if isinstance(value, timedelta) else "auto"
        text = str(value).strip()
        sign, parts = (-1 if text.startswith("-") else 1), text.lstrip("+-") if text[:1] in "+-" else text
        found = _PART.findall(parts)
        if not found or "".join(map("".join, found)) != parts:
            self.fail(f"{value} is no duration: write it as +365d, -12h, 1d12h, or auto", param, ctx)
        return sign * sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in found), timedelta())
