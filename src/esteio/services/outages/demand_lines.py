"""Demands as lines of JSON."""

from datetime import datetime

from esteio.services.outages.demand_schemas import DemandLine
from esteio.services.outages.lines import Unfit, parsed


def demand(line: bytes, now: datetime) -> DemandLine:
    """The demand that a line is. Raises `Unfit`, which repeats nothing of the line."""
    said = parsed(DemandLine, line)
    wrong = said.untimely(now)
    if wrong is not None:
        raise Unfit(wrong.field, wrong.code, wrong.message)
    return said
