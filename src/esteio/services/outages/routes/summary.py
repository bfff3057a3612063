"""What everybody may know of the outages that go on, as data."""

from fastapi import APIRouter, Request

from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.rules import Cached, rules
from esteio.services.outages.board import SECONDS, TAG, Shown
from esteio.services.outages.part import OutagesPart
from esteio.services.outages.views import SummaryView

router = APIRouter(prefix="/outages", tags=["outages"])
FRESH = Cached(seconds=SECONDS, tags=(TAG,), per="tenant")


async def shown_to(request: Request) -> Shown:
    """The summary for the caller's tenant, from what this process keeps or from the database."""
    house = house_of(request)
    part: OutagesPart = house.parts["outages"]
    return await part.board.shown(exchange_of(request.scope).principal.tenant, house.freshness)


@router.get("/summary", summary="Summarise the outages that go on", response_model=Envelope[SummaryView])
@rules(limits=("default",), anonymous_limits=("outages.summary",), cached=FRESH)
async def summarise_outages(request: Request) -> Answer:
    """Consumer units without supply by município, and by how long they have been: as the regulator's are counted.

    It is made anew when an outage is reported, and every 15 s. The channel `outages` tells when to ask again. While the
    database is away it is the last one that is known, with `X-Cache: STALE`; `as_of` says of when.
    """
    shown = await shown_to(request)
    return Answer(shown.data, etag=shown.etag, keep=shown.keep, origin=shown.origin)
