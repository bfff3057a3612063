"""A capsule to take away."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from esteio.auth.caller import Caller
from esteio.base.schema import Body
from esteio.http.files import BYTES, UNKEPT, FileResponse, disposition
from esteio.http.house import house_of
from esteio.http.rules import rules
from esteio.http.sessions import Session
from esteio.services.capsules import queries
from esteio.services.capsules.contents import entries_of
from esteio.services.capsules.exports.archives import MEDIA, Format
from esteio.services.capsules.exports.stream import exported
from esteio.services.capsules.holding import acting
from esteio.services.capsules.packs.names import slug
from esteio.services.capsules.routes.asked import CapsuleId
from esteio.services.capsules.use_cases import exporting

router = APIRouter(prefix="/capsules", tags=["capsules"])
_ANSWERS: dict[int | str, dict[str, Any]] = {200: {"description": "The archive, as it is built", **BYTES}}


class Export(Body):
    """How a version is taken away."""

    format: Format = "zip"


Version = Annotated[int | None, Query(ge=1, le=2_147_483_647, description="The latest unless said")]


@router.post("/{capsule_id}/export", summary="Export a capsule", response_class=Response, responses=_ANSWERS)
@rules("capsules:export", quotas=("capsules.exports",), at_once="capsules.exports", streams=True, errors=(409, 429))
async def export_capsule(
    request: Request,
    capsule_id: CapsuleId,
    data: Export,
    caller: Caller,
    session: Session,
    version: Version = None,
) -> Response:
    """The files of a version below a folder of the project's name, sent as they are packed; the same bytes each time.

    Each export counts for the organisation's `capsules.exports` of the day, also one that is broken off.
    """
    house = house_of(request)
    number = await queries.version_asked(house.database, caller.tenant, capsule_id, version)
    said = await queries.one_version(house.database, caller.tenant, capsule_id, number)
    entries = await entries_of(house.database, caller.tenant, capsule_id, number)
    await exporting.charge(session, actor=acting(caller, house.clock))
    folder = slug(said["project_name"])
    pieces = exported(house.database, caller.tenant, entries, data.format, folder=folder)
    headers = {
        "content-type": MEDIA[data.format],
        "content-disposition": disposition(f"{folder}-{number}.{data.format}"),
        "cache-control": UNKEPT,
    }
    return FileResponse(pieces, headers, status=200, files=house.resources.files)
