"""Previews, and the pictures of an order."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.files import ANSWERS, stored_file
from esteio.http.rules import rules
from esteio.http.sessions import Session
from esteio.services.petstory import queries
from esteio.services.petstory.routes.customer import CustomerOrder, answered
from esteio.services.petstory.schemas import OrderView
from esteio.services.petstory.use_cases import previewing

READ, ACT = ("petstory.read",), ("petstory.act",)
ArtId = Annotated[UUID, Path(description="The picture's id")]

router = APIRouter(prefix="/orders/{link}", tags=["petstory"])


@router.post("/preview", status_code=202, summary="Ask for a preview", response_model=Envelope[OrderView])
@rules(limits=ACT, anonymous_limits=ACT, errors=(409,))
async def ask_for_preview(customer: CustomerOrder, session: Session) -> Answer:
    """The first photo is drawn in each of the order's styles. Read the order to see how far it is."""
    view = await previewing.ask_for_preview(
        session=session,
        link=customer.link,
        actor=customer.actor,
        section=customer.section,
        addresses=customer.addresses,
    )
    return answered(view, status=202)


@router.get("/arts/{art_id}/preview", summary="Look at a preview", response_class=Response, responses=ANSWERS)
@rules(limits=READ, anonymous_limits=READ, streams=True, errors=(416,))
async def read_preview(request: Request, art_id: ArtId, customer: CustomerOrder) -> Response:
    """Small, with a watermark, once it is drawn; a JPEG."""
    file = await queries.preview_file(customer.house.database, customer.link, art_id)
    return stored_file(request, file, inline=True)


@router.get("/arts/{art_id}", summary="Look at a picture", response_class=Response, responses=ANSWERS)
@rules(limits=READ, anonymous_limits=READ, streams=True, errors=(416,))
async def read_art(request: Request, art_id: ArtId, customer: CustomerOrder) -> Response:
    """The whole picture, once the order is paid; 404 before."""
    file = await queries.art_file(customer.house.database, customer.link, art_id)
    return stored_file(request, file, inline=True)
