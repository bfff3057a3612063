"""What everybody may know of the outages that go on, as data."""

from hashlib import blake2b

from fastapi import APIRouter, Request

from esteio.http.answers import Answer, dumps
from esteio.http.envelope import Envelope
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.rules import Cached, rules
from esteio.services.outages.summary import summary_at
from esteio.services.outages.views import SummaryView

router = APIRouter(prefix="/outages", tags=["outages"])
FRESH = Cached(seconds=15, tags=("outage",), per="tenant")


@router.get("/summary", summary="Summarise the outages that go on", response_model=Envelope[SummaryView])
@rules(limits=("default",), anonymous_limits=("outages.summary",), cached=FRESH)
async def summarise_outages(request: Request) -> Answer:
    """Consumer units without supply by município, and by how long they have been: as the regulator's are counted.

    It is made anew when an outage is reported, and every 15 s. The channel `outages` tells when to ask again.
    """
    house, tenant = house_of(request), exchange_of(request.scope).principal.tenant
    view = await summary_at(house.database, tenant, house.clock.now())
    said = dumps([view.totals, view.municipios, view.bands])
    return Answer(view, etag=f'"{blake2b(said, digest_size=12).hexdigest()}"')
