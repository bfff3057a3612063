"""A small service that takes pictures in a form and gives them back."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from esteio.auth.caller import Caller
from esteio.files.files import Files
from esteio.files.pictures import MEDIA_TYPE, PictureBounds, TakenPicture, take_picture
from esteio.files.records import find, keep, keep_until, reference, revoke
from esteio.http.answers import Answer
from esteio.http.exchange import exchange_of
from esteio.http.files import ANSWERS, stored_file
from esteio.http.house import house_of
from esteio.http.multipart import FormBounds, Part, form_parts
from esteio.http.rules import AUTHENTICATED, rules
from esteio.http.sessions import Session
from esteio.manifest import Manifest

MIB = 1_048_576
FORM = FormBounds(parts=4, part_bytes=10 * MIB, field_bytes=1000)
PICTURE = PictureBounds()
WITHIN = 8.0
"""The time budget of an upload that is taken slowly."""

router = APIRouter(prefix="/gallery")


class Form:
    """What a form held."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.pictures: list[tuple[str, TakenPicture]] = []


async def _taken(request: Request) -> AsyncIterator[Form]:
    files, form = house_of(request).resources.files, Form()
    tenant = exchange_of(request.scope).principal.tenant
    try:
        async for part in form_parts(request, FORM):
            await _take(part, files, tenant, form)
        yield form
    except BaseException:
        for _, taken in form.pictures:
            await files.store.delete(taken.written.key)
        raise


async def _take(part: Part, files: Files, tenant: UUID, form: Form) -> None:
    if part.filename is None:
        form.fields[part.field] = await part.text()
        return
    taken = await take_picture(files, part.pieces, tenant=tenant, bounds=PICTURE, field=part.field)
    form.pictures.append((part.filename, taken))


Taken = Annotated[Form, Depends(_taken, scope="function")]


@router.post("", status_code=201)
@rules(AUTHENTICATED, body_limit=31 * MIB, time_budget=90.0, errors=(413, 415, 507))
async def add(request: Request, form: Taken, caller: Caller, session: Session) -> Answer:
    return await _kept(request, form, caller, session)


@router.post("/patiently", status_code=201)
@rules(AUTHENTICATED, body_limit=31 * MIB, time_budget=WITHIN, errors=(413, 415, 507))
async def add_within(request: Request, form: Taken, caller: Caller, session: Session) -> Answer:
    return await _kept(request, form, caller, session)


async def _kept(request: Request, form: Form, caller: Caller, session: Session) -> Answer:
    now, told = house_of(request).clock.now(), []
    for name, taken in form.pictures:
        file = reference(taken.written, name=name or "photo", media_type=MEDIA_TYPE, now=now, days=1)
        keep(session, file, taken.written, tenant=caller.tenant, principal=caller.id, now=now)
        size = {"width": taken.width, "height": taken.height, "source": taken.source}
        told.append({"id": str(file.file_id), "name": name, **size})
    return Answer({"pictures": told, "fields": form.fields}, status=201)


@router.get("/{file_id}", response_class=Response, responses=ANSWERS)
@rules(AUTHENTICATED, errors=(404, 416), streams=True)
async def show(request: Request, file_id: UUID, caller: Caller) -> Response:
    file = await find(house_of(request).database, caller.tenant, file_id)
    return stored_file(request, file, inline=True, cache="private, max-age=60")


@router.post("/{file_id}/revoke")
@rules(AUTHENTICATED)
async def take_back(file_id: UUID, session: Session) -> Answer:
    await revoke(session, [file_id])
    return Answer({})


@router.post("/{file_id}/keep/{days}")
@rules(AUTHENTICATED)
async def prolong(request: Request, file_id: UUID, days: int, session: Session) -> Answer:
    await keep_until(session, [file_id], house_of(request).clock.now() + timedelta(days=days))
    return Answer({})


GALLERY = Manifest(name="gallery", routers={"v2": router})
