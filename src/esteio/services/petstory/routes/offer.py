"""What is offered, told before anything is asked of anybody."""

from fastapi import APIRouter, Request

from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.house import house_of
from esteio.http.rules import rules
from esteio.services.petstory.offer import offer_of
from esteio.services.petstory.schemas import OfferView

READ = ("petstory.read",)
PUBLIC = frozenset({"GET /api/v2/petstory/offer"})
_KEPT = "public, max-age=60"

router = APIRouter(tags=["petstory"])


@router.get("/offer", summary="Read what is offered", response_model=Envelope[OfferView])
@rules(limits=READ, anonymous_limits=READ)
async def read_offer(request: Request) -> Answer:
    """The price, the styles and languages to choose from, what is taken as a photo, and how long things are kept."""
    house = house_of(request)
    offer = offer_of(house.settings["petstory"], mailed=house.resources.mail.configured)
    return Answer(offer.model_dump(mode="json"), cache_control=_KEPT)
