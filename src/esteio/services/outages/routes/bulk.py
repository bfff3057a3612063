"""Many outages in one call."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from esteio.auth.caller import Caller
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.house import house_of
from esteio.http.rules import rules
from esteio.http.sessions import Session
from esteio.services.outages.lines import LARGEST_BODY, Item, Lines, outage
from esteio.services.outages.routes.intake import chunks, kind_of
from esteio.services.outages.schemas import Report
from esteio.services.outages.use_cases import reporting
from esteio.services.outages.views import BulkView

KINDS = ("application/x-ndjson", "application/ndjson", "application/jsonl")
WITHIN = 60.0
NDJSON = {"requestBody": {"required": True, "content": {KINDS[0]: {"schema": {"type": "string", "format": "binary"}}}}}

router = APIRouter(prefix="/outages", tags=["outages"])


async def lines_of(request: Request, read: Callable[[bytes, datetime], Item]) -> Lines[Item]:
    """The body's lines, each read on its own."""
    kind_of(request, KINDS)
    lines = Lines(house_of(request).clock.now(), read)
    async for chunk in chunks(request):
        await lines.take(chunk)
    await lines.end()
    return lines


async def _taken_in(request: Request) -> Lines[Report]:
    return await lines_of(request, outage)


TakenIn = Annotated[Lines[Report], Depends(_taken_in)]
"""To stand before the session among a route's parameters, so that no transaction waits for the body."""


@router.post("/bulk", summary="Report many outages", response_model=Envelope[BulkView], openapi_extra=NDJSON)
@rules("outages:ingest", idempotent=True, body_limit=LARGEST_BODY, time_budget=WITHIN, errors=(415,))
async def report_outages(request: Request, lines: TakenIn, caller: Caller, session: Session) -> Answer:
    """Up to 10,000 lines, each the body of a report with its `external_id`.

    The valid lines are written together, in one transaction; of several of one outage the last counts. The others are
    named with what is wrong with them. More lines, or a line of more than 2 MiB, are refused whole (413). With an
    Idempotency-Key the body must arrive within 20 s.
    """
    done = await reporting.report(
        caller=caller, session=session, clock=house_of(request).clock, source="api", reports=lines.items
    )
    written = len(done.created) + len(done.changed) + done.unchanged
    view = BulkView(
        lines=lines.count,
        created=len(done.created),
        changed=len(done.changed),
        unchanged=done.unchanged,
        superseded=len(lines.items) - written,
        refused=lines.refused,
        refused_lines=lines.shown,
    )
    return Answer(view)
