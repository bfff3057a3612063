"""Many demands in one call."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from esteio.auth.caller import Caller
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.house import house_of
from esteio.http.rules import rules
from esteio.http.sessions import Session
from esteio.services.outages.demands.bodies import DemandLine, DemandsBulkView
from esteio.services.outages.lines import LARGEST_BODY, Lines, Unfit, parsed
from esteio.services.outages.routes.bulk import NDJSON, WITHIN, lines_of
from esteio.services.outages.use_cases import demands as use_cases

router = APIRouter(prefix="/outages/demands", tags=["outages"])


def _demand(line: bytes, now: datetime) -> DemandLine:
    """The demand that a line is. Raises `Unfit`, which repeats nothing of the line."""
    said = parsed(DemandLine, line)
    wrong = said.untimely(now)
    if wrong is not None:
        raise Unfit(wrong.field, wrong.code, wrong.message)
    return said


async def _taken_in(request: Request) -> Lines[DemandLine]:
    return await lines_of(request, _demand)


TakenIn = Annotated[Lines[DemandLine], Depends(_taken_in)]
"""To stand before the session among a route's parameters, so that no transaction waits for the body."""


@router.post(
    "/bulk", summary="Report many consumers' demands", response_model=Envelope[DemandsBulkView], openapi_extra=NDJSON
)
@rules("outages:demands", idempotent=True, body_limit=LARGEST_BODY, time_budget=WITHIN, errors=(415,))
async def report_demands(request: Request, lines: TakenIn, caller: Caller, session: Session) -> Answer:
    """Up to 10,000 lines, each the body of a report with its `protocol`.

    The valid lines are written together, in one transaction; of several of one demand the last counts. The others are
    named with what is wrong with them, and with nothing of what they say. More lines, or a line of more than 2 MiB, are
    refused whole (413). With an Idempotency-Key the body must arrive within 20 s.
    """
    house = house_of(request)
    created, replaced = await use_cases.report_demands(
        caller=caller, session=session, clock=house.clock, keyring=house.resources.keyring, demands=lines.items
    )
    view = DemandsBulkView(
        lines=lines.count,
        created=created,
        replaced=replaced,
        superseded=len(lines.items) - created - replaced,
        refused=lines.refused,
        refused_lines=lines.shown,
    )
    return Answer(view)
