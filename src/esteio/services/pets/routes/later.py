"""What takes a while: exports and imports, each accepted as a task."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request

from esteio.auth.caller import Caller
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.house import house_of
from esteio.http.rules import AUTHENTICATED, rules
from esteio.http.sessions import Session
from esteio.http.tasks import ACCEPTED, AcceptedTask, accepted
from esteio.services.pets import use_cases
from esteio.services.pets.routes.upload import MEDIA_TYPE, CsvUpload
from esteio.services.pets.schemas import PetExport, PetsExport
from esteio.services.pets.settings import LARGEST_IMPORT
from esteio.services.pets.tasks import EXPORT_PET, EXPORT_PETS, IMPORT_PETS

LIMITS = ("default", "jobs.enqueue")
UPLOAD_WITHIN = 60.0
_CSV = {"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}}

router = APIRouter(prefix="/pets", tags=["pets"])


@router.post(
    "/export",
    status_code=202,
    summary="Export pets",
    response_model=Envelope[AcceptedTask],
    responses=ACCEPTED,
)
@rules(AUTHENTICATED, limits=LIMITS, idempotent=True)
async def export_pets(data: PetsExport, caller: Caller, session: Session) -> Answer:
    """A task whose result links to a file with all pets that the filters leave, in the order of registration.

    `csv` follows RFC 4180 with a header, in UTF-8; a cell that a spreadsheet would run as a formula has an apostrophe
    in front. `csv.gz` is the same compressed, `ndjson` one JSON object a line.
    """
    task = await use_cases.order_export(caller=caller, session=session, data=data)
    return accepted(task, EXPORT_PETS.name)


@router.post(
    "/import",
    status_code=202,
    summary="Import pets",
    response_model=Envelope[AcceptedTask],
    responses=ACCEPTED,
    openapi_extra=_CSV,
)
@rules(
    AUTHENTICATED,
    limits=LIMITS,
    idempotent=True,
    body_limit=LARGEST_IMPORT,
    time_budget=UPLOAD_WITHIN,
    errors=(415, 507),
)
async def import_pets(request: Request, upload: CsvUpload, caller: Caller, session: Session) -> Answer:
    """A task that registers a pet for each row of the CSV file in the body, and tells what is wrong with the others.

    A header with `name`, `species` and any other member of a new pet; commas between columns; UTF-8; an empty cell says
    nothing. With an Idempotency-Key the file must arrive within 20 s.
    """
    task = await use_cases.order_import(
        caller=caller, session=session, clock=house_of(request).clock, file=upload.file, written=upload.written
    )
    return accepted(task, IMPORT_PETS.name)


@router.post(
    "/{pet_id}/export",
    status_code=202,
    summary="Export a pet with its feedings",
    response_model=Envelope[AcceptedTask],
    responses=ACCEPTED,
)
@rules(AUTHENTICATED, limits=LIMITS, idempotent=True)
async def export_pet(
    pet_id: Annotated[UUID, Path(description="The pet's id")], data: PetExport, caller: Caller, session: Session
) -> Answer:
    """As CSV a row for each feeding, the pet in front; as `ndjson` a line `{"pet": …}`, then lines `{"feeding": …}`."""
    task = await use_cases.order_pet_export(caller=caller, session=session, pet_id=pet_id, data=data)
    return accepted(task, EXPORT_PET.name)
