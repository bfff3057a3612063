"""Photos as they arrive: each decoded and kept before any transaction begins, taken back if nothing comes of them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Annotated

from fastapi import Depends, Request

from esteio.base.errors import EsteioError, Invalid, PayloadTooLarge, Unavailable
from esteio.base.principal import DEFAULT_TENANT
from esteio.files.errors import StorageFull
from esteio.files.pictures import PictureBounds, TakenPicture, take_picture
from esteio.files.store import Store
from esteio.http.exchange import exchange_of
from esteio.http.multipart import FormBounds, Part, form_parts
from esteio.services.petstory import queries
from esteio.services.petstory.customers import exhausted, room_at
from esteio.services.petstory.errors import TooManyPhotos
from esteio.services.petstory.photos import room
from esteio.services.petstory.routes.customer import CustomerOrder, Visit
from esteio.services.petstory.settings import PetstorySettings

FIELD = "photos"
FRAMES = 1_048_576
"""Bytes of a form beside those of its files."""

LARGEST_FORM = 10 * 33_554_432 + FRAMES
"""Bytes of the largest form that any setting allows."""

WITHIN = 300.0
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {
                        FIELD: {"type": "array", "minItems": 1, "items": {"type": "string", "format": "binary"}}
                    },
                }
            }
        },
    }
}


async def _taken_in(request: Request, customer: CustomerOrder) -> AsyncIterator[Sequence[TakenPicture]]:
    """All pictures of the form. What can be refused is refused before the body is read."""
    left = await _room(customer)
    _check_length(request, customer.section)
    files = customer.house.resources.files
    store = files.store
    taken: list[TakenPicture] = []
    try:
        with files.uploading(exchange_of(request.scope).address):
            await _fill(taken, request, customer, left)
    except BaseException:
        await asyncio.shield(_give_back(store, taken))
        raise
    try:
        yield taken
    except Unavailable:
        # Nobody knows whether a commit came through: objects without a row are seen by nobody, and purged.
        raise
    except EsteioError:
        await _give_back(store, taken)
        raise


Photos = Annotated[Sequence[TakenPicture], Depends(_taken_in, scope="function")]
"""To stand before the session among a route's parameters, so that no transaction waits for the body."""


async def _room(customer: Visit) -> int:
    """How many photos the order takes, as it stands now; the transaction that writes them looks again."""
    section, now = customer.section, customer.actor.now
    found = await queries.intake_of(customer.house.database, customer.link)
    left = room(found["state"], found["photos"], found["wanted"], section.photos)
    wait = room_at(found["uploads"], 1, section.uploads_email, now)
    if wait is not None:
        raise exhausted(wait, now)
    if await queries.unpaid_bytes(customer.house.database) >= section.unpaid_bytes:
        raise StorageFull(operator="petstory: the photos of unpaid orders have reached ESTEIO_PETSTORY__UNPAID_BYTES")
    return left


def _check_length(request: Request, section: PetstorySettings) -> None:
    most = section.photos * section.photo_bytes + FRAMES
    if int(exchange_of(request.scope).headers.get(b"content-length", b"0")) > most:
        raise PayloadTooLarge(f"The photos may have {section.photo_bytes} bytes each, {most} in all.")


async def _fill(taken: list[TakenPicture], request: Request, customer: Visit, left: int) -> None:
    async for part in form_parts(request, FormBounds(part_bytes=customer.section.photo_bytes)):
        _check_part(part)
        if len(taken) == left:
            raise TooManyPhotos(f"The order takes {left} more photos: nothing of this form was kept.")
        taken.append(await _take(customer, part, len(taken)))
    if not taken:
        raise Invalid.at(FIELD, "Send at least one photo.")


def _check_part(part: Part) -> None:
    if part.field != FIELD:
        raise Invalid.at(part.field, f"The form has only files, each in a part named {FIELD}.")
    if part.filename is None:
        raise Invalid.at(FIELD, "Each part is a file: give it a file name.")


async def _take(customer: Visit, part: Part, place: int) -> TakenPicture:
    section = customer.section
    bounds = PictureBounds(largest=section.photo_bytes, pixels=section.photo_pixels, side=section.photo_side)
    files, field = customer.house.resources.files, f"{FIELD}/{place}"
    return await take_picture(files, part.pieces, tenant=DEFAULT_TENANT, bounds=bounds, field=field)


async def _give_back(store: Store, taken: Sequence[TakenPicture]) -> None:
    for picture in taken:
        with suppress(EsteioError):
            await store.delete(picture.written.key)
