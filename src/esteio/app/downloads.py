"""Files by their signed links, for as long as the link holds."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from esteio.base.errors import NotFound
from esteio.base.principal import Principal
from esteio.files.errors import FileGone
from esteio.files.links import Ticket
from esteio.files.records import FoundFile, find
from esteio.http.exchange import exchange_of
from esteio.http.files import ANSWERS, stored_file
from esteio.http.house import House, house_of
from esteio.http.rules import rules
from esteio.limits.concurrency import Concurrency
from esteio.limits.policy import Policy

LIMITS = (Policy("files.download", quota=120, window=60, per="address"),)
AT_ONCE = (Concurrency("downloads", 16),)
PUBLIC = frozenset({"GET /api/v2/files/{token}"})

router = APIRouter(prefix="/files", tags=["files"])


@router.get("/{token}", summary="Download a file", response_class=Response, responses=ANSWERS)
@rules(
    limits=("default",),
    anonymous_limits=("files.download",),
    at_once="downloads",
    errors=(404, 410, 416),
    streams=True,
)
async def download(
    request: Request, token: Annotated[str, Path(max_length=200, description="The link's token")]
) -> Response:
    """A link is its own permission and holds for a time; then it is answered 410, and its task shows a new one.

    `Range` asks for a part, so that a download that broke off can go on. Credentials are not needed; those of another
    tenant make the link unknown.
    """
    house = house_of(request)
    ticket = house.resources.files.links.read(token)
    if not _may_use(exchange_of(request.scope).principal, ticket):
        raise NotFound
    return stored_file(request, await _living(house, ticket))


def _may_use(caller: Principal, ticket: Ticket) -> bool:
    """Whoever has the link, unless they say that they are of another tenant."""
    return caller.anonymous or caller.tenant == ticket.tenant


async def _living(house: House, ticket: Ticket) -> FoundFile:
    """The file. Once it or the link is over that is said: only who was given the link can hear it."""
    now = house.clock.now()
    if ticket.until <= now:
        raise FileGone("The link's time is over: read the task again for a new one.")
    try:
        file = await find(house.database, ticket.tenant, ticket.file)
    except NotFound as error:
        raise FileGone from error
    if file.deleted_at is not None or file.expires_at <= now:
        raise FileGone
    return file
