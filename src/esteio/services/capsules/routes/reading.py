"""Versions of a capsule and their files."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from esteio.base.errors import NotFound
from esteio.http.answers import Answer, Link
from esteio.http.envelope import Envelope
from esteio.http.etags import list_etag, matches, row_etag
from esteio.http.exchange import exchange_of
from esteio.http.files import BYTES, disposition
from esteio.http.house import house_of
from esteio.http.pagination import Numbered, numbered_links, numbered_meta
from esteio.http.rules import Cached, rules
from esteio.services.capsules import queries
from esteio.services.capsules.routes.asked import BASE, CapsuleId, Number
from esteio.services.capsules.routes.exporting import Version
from esteio.services.capsules.schemas import FileView, VersionView

router = APIRouter(prefix="/capsules", tags=["capsules"])
FRESH = Cached(seconds=5, tags=("capsule",), per="tenant")
KEPT = "private, no-cache"


class FilesAsked(Numbered):
    version: int | None = Query(None, ge=1, le=2_147_483_647, description="The latest unless said")


FilePath = Annotated[str, Path(max_length=255, description="The file's path, with its slashes")]
_FILE: dict[int | str, dict[str, Any]] = {200: {"description": "The file's bytes", **BYTES}}


@router.get("/{capsule_id}/versions", summary="List versions", response_model=Envelope[list[VersionView]])
@rules("capsules:read", cached=FRESH)
async def list_versions(request: Request, capsule_id: CapsuleId, asked: Annotated[Numbered, Query()]) -> Answer:
    """The latest first, by `page` and `per_page`."""
    house, tenant = house_of(request), exchange_of(request.scope).principal.tenant
    page = await queries.versions_of(
        house.database, tenant, capsule_id, page=asked.page or 1, per_page=asked.per_page or 20
    )
    numbers = ((row["number"], 1) for row in page.rows)
    return Answer(
        page.rows,
        etag=list_etag(numbers, str(capsule_id), page.total, page.page, page.per_page),
        links=numbered_links(f"{BASE}/{capsule_id}/versions", {}, page),
        meta=numbered_meta(page),
    )


@router.get("/{capsule_id}/versions/{number}", summary="Read a version", response_model=Envelope[VersionView])
@rules("capsules:read", cached=FRESH)
async def read_version(request: Request, capsule_id: CapsuleId, number: Number) -> Answer:
    """What the capsule said then. A version never changes."""
    tenant = exchange_of(request.scope).principal.tenant
    row = await queries.one_version(house_of(request).database, tenant, capsule_id, number)
    place = f"{BASE}/{capsule_id}"
    links = [
        Link(f"{place}/versions/{number}", "self"),
        Link(place, "capsule"),
        Link(f"{place}/files?version={number}", "files"),
    ]
    return Answer(row, etag=row_etag(number, str(capsule_id)), links=links)


@router.get("/{capsule_id}/files", summary="List files", response_model=Envelope[list[FileView]])
@rules("capsules:read", cached=FRESH, errors=(409,))
async def list_files(request: Request, capsule_id: CapsuleId, asked: Annotated[FilesAsked, Query()]) -> Answer:
    """The files of a version in the order of their paths, by `page` and `per_page`."""
    house, tenant = house_of(request), exchange_of(request.scope).principal.tenant
    number = await queries.version_asked(house.database, tenant, capsule_id, asked.version)
    page = await queries.files_of(
        house.database, tenant, capsule_id, number, page=asked.page or 1, per_page=asked.per_page or 100
    )
    said = {} if asked.version is None else {"version": asked.version}
    return Answer(
        page.rows,
        etag=list_etag(((row["path"], number) for row in page.rows), str(capsule_id), page.total, page.page),
        links=numbered_links(f"{BASE}/{capsule_id}/files", said, page),
        meta=numbered_meta(page),
    )


@router.get("/{capsule_id}/files/{path:path}", summary="Read a file", response_class=Response, responses=_FILE)
@rules("capsules:read", errors=(409,))
async def read_file(request: Request, capsule_id: CapsuleId, path: FilePath, version: Version = None) -> Response:
    """The bytes of a file of a version, to be saved and not to be shown: it is somebody's code."""
    house, exchange = house_of(request), exchange_of(request.scope)
    tenant = exchange.principal.tenant
    if "\x00" in path:
        raise NotFound
    number = await queries.version_asked(house.database, tenant, capsule_id, version)
    file = await queries.one_file(house.database, tenant, capsule_id, number, path)
    headers = {
        "content-type": "text/plain; charset=utf-8" if _is_text(file["content"]) else "application/octet-stream",
        "content-disposition": disposition(path.rpartition("/")[2]),
        "etag": f'"{file["sha256"].hex()}"',
        "cache-control": KEPT,
    }
    condition = exchange.headers.get(b"if-none-match")
    if condition is not None and matches(condition, headers["etag"], weak=True):
        return Response(status_code=304, headers={name: headers[name] for name in ("etag", "cache-control")})
    return Response(file["content"], headers=headers)


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
