"""What pets do later: kinds of jobs, what each is ordered with, what comes of it."""

from uuid import UUID

from pydantic import BaseModel

from esteio.files.records import FileRef
from esteio.jobs.kinds import JobKind, Retry
from esteio.services.pets.schemas import PetExport, PetsExport

_PATIENT = Retry(tries=5, first=5.0, longest=300.0)
AT_ONCE = 2
"""Of a tenant's exports, and of its imports: each has a connection of its own while it runs."""


class OnePetOrder(PetExport):
    """A pet with its feedings."""

    pet_id: UUID


class ImportOrder(BaseModel):
    """A CSV file that was taken in. `owner` owns the pets for which the file names nobody."""

    key: str
    owner: str


class Exported(BaseModel):
    """A file that is ready to be fetched. `rows` counts pets, or feedings where it is of one pet."""

    file: FileRef
    rows: int


class RowProblem(BaseModel):
    """Why a row was not imported. The header is row 1, as spreadsheets count."""

    row: int
    field: str | None
    code: str
    message: str


class Imported(BaseModel):
    """What became of the rows. `errors` shows the first; `file` has them all, up to a bound that is stated there."""

    rows: int
    registered: int
    refused: int
    errors: list[RowProblem]
    more_errors: int
    file: FileRef | None


EXPORT_PETS = JobKind(
    name="pets.export",
    payload=PetsExport,
    retry=_PATIENT,
    time_limit=3600.0,
    unit="rows",
    visible=True,
    lane_limit=AT_ONCE,
)
EXPORT_PET = JobKind(
    name="pets.export_one",
    payload=OnePetOrder,
    retry=_PATIENT,
    time_limit=3600.0,
    unit="rows",
    visible=True,
    lane_limit=AT_ONCE,
)
IMPORT_PETS = JobKind(
    name="pets.import",
    payload=ImportOrder,
    retry=_PATIENT,
    time_limit=3600.0,
    unit="rows",
    visible=True,
    lane_limit=AT_ONCE,
)
