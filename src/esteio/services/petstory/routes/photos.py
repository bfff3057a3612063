"""Photos of an order: sent in a form, looked at, taken back."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from esteio.files.pictures import MEDIA_TYPE
from esteio.http.answers import Answer, NoContent
from esteio.http.envelope import Envelope
from esteio.http.etags import matches
from esteio.http.exchange import exchange_of
from esteio.http.files import ANSWERS, stored_file
from esteio.http.rules import rules
from esteio.http.sessions import Session
from esteio.services.petstory import queries
from esteio.services.petstory.routes.customer import CustomerOrder, answered
from esteio.services.petstory.routes.uploads import FORM, LARGEST_FORM, WITHIN, Photos
from esteio.services.petstory.schemas import OrderView
from esteio.services.petstory.thumbnails import Thumbnails
from esteio.services.petstory.use_cases import photographing

_KEPT = "private, max-age=3600"
SMALL: dict[int | str, dict[str, Any]] = {
    200: {"description": "The small photo", "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
}
UPLOAD, READ, ACT = ("petstory.uploads",), ("petstory.read",), ("petstory.act",)

router = APIRouter(prefix="/orders/{link}/photos", tags=["petstory"])
PhotoId = Annotated[UUID, Path(description="The photo's id")]


@router.post("", status_code=201, summary="Send photos", response_model=Envelope[OrderView], openapi_extra=FORM)
@rules(
    limits=UPLOAD,
    anonymous_limits=UPLOAD,
    at_once="petstory.uploads",
    body_limit=LARGEST_FORM,
    time_budget=WITHIN,
    errors=(409, 415, 507),
)
async def send_photos(customer: CustomerOrder, photos: Photos, session: Session) -> Answer:
    """JPEG, PNG, WebP or HEIC: one still picture each, whatever the file is called.

    Each is turned upright and written anew, without what the camera wrote into it. All of the form is kept or nothing;
    a photo that the order has already is kept once. More than an order may have: 409. After a preview the order goes
    back to its photos.
    """
    received = await photographing.add_photos(
        session=session,
        link=customer.link,
        actor=customer.actor,
        section=customer.section,
        addresses=customer.addresses,
        pictures=photos,
    )
    for picture in received.spare:
        await customer.house.resources.files.store.delete(picture.written.key)
    return answered(received.view, status=201)


@router.get("/{photo_id}", summary="Look at a photo", response_class=Response, responses=ANSWERS)
@rules(limits=READ, anonymous_limits=READ, streams=True, errors=(416,))
async def read_photo(request: Request, photo_id: PhotoId, customer: CustomerOrder) -> Response:
    """The photo as it is kept, a JPEG."""
    file = await queries.photo_file(customer.house.database, customer.link, photo_id)
    return stored_file(request, file, inline=True)


@router.get("/{photo_id}/thumbnail", summary="Look at a small photo", response_class=Response, responses=SMALL)
@rules(limits=READ, anonymous_limits=READ, errors=(503,))
async def read_thumbnail(request: Request, photo_id: PhotoId, customer: CustomerOrder) -> Response:
    """The photo for a list on a small screen: a JPEG of at most 480 pixels, which a browser may keep for an hour."""
    file = await queries.photo_file(customer.house.database, customer.link, photo_id)
    thumbnails: Thumbnails = customer.house.parts["petstory"]
    headers = {"cache-control": _KEPT, "etag": f'"{file.sha256[:32]}"'}
    condition = exchange_of(request.scope).headers.get(b"if-none-match")
    if condition is not None and matches(condition, headers["etag"], weak=True):
        return Response(status_code=304, headers=headers)
    return Response(await thumbnails.of(file), media_type=MEDIA_TYPE, headers=headers)


@router.delete("/{photo_id}", status_code=204, summary="Take a photo back", response_class=NoContent)
@rules(limits=ACT, anonymous_limits=ACT, errors=(409,))
async def remove_photo(photo_id: PhotoId, customer: CustomerOrder, session: Session) -> Answer:
    """With what was drawn from it. After the checkout: only one that could not be drawn, to send another instead."""
    await photographing.remove_photo(session=session, link=customer.link, actor=customer.actor, photo_id=photo_id)
    return NoContent()
