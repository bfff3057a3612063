"""Outages as systems report them one by one, and as they are read again."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from pydantic import AfterValidator

from esteio.auth.caller import Caller
from esteio.base.schema import Text
from esteio.http.answers import Answer, Link, NoContent
from esteio.http.envelope import Envelope
from esteio.http.etags import list_etag, row_etag, version_condition
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.listing import Listing
from esteio.http.rules import Cached, rules
from esteio.http.sessions import Session
from esteio.services.outages import queries
from esteio.services.outages.bodies import Closing, OutageBody, OutageChange
from esteio.services.outages.queries import Row
from esteio.services.outages.routes.asked import Asked
from esteio.services.outages.schemas import LONGEST_ID, checked_id
from esteio.services.outages.use_cases import corrections, reporting
from esteio.services.outages.views import ListedOutageView, OutageView

BASE = "/api/v2/outages"

router = APIRouter(prefix="/outages", tags=["outages"])
_LISTING = Listing("outages", BASE, queries.OUTAGES, "started_at", "desc")
FRESH = Cached(seconds=5, tags=("outage",), per="tenant")
ExternalId = Annotated[
    Text,
    Path(min_length=1, max_length=LONGEST_ID, description="The outage's name where it is reported from"),
    AfterValidator(checked_id),
]


@router.get("", summary="List outages", response_model=Envelope[list[ListedOutageView]])
@rules("outages:read", cached=FRESH)
async def list_outages(request: Request, asked: Asked) -> Answer:
    """Pages by `page` and `per_page`, or by `cursor` and `limit`, whose cost does not grow with depth."""
    house, tenant = house_of(request), exchange_of(request.scope).principal.tenant
    now = house.clock.now()
    listed = await _LISTING.page(house, tenant, asked, lambda wanted: wanted.filters(now))
    return Answer(
        _listed(listed.rows),
        etag=_tag(listed.rows, *listed.variant),
        links=listed.links,
        meta=listed.meta,
    )


@router.get("/{external_id}", summary="Read an outage", response_model=Envelope[OutageView])
@rules("outages:read", cached=FRESH)
async def read_outage(request: Request, external_id: ExternalId) -> Answer:
    """The outage with its ETag, and with the consumer units where they are known and still kept."""
    row = await queries.one_outage(house_of(request).database, exchange_of(request.scope).principal.tenant, external_id)
    return Answer(row, etag=row_etag(row["version"]), links=_links(external_id))


@router.put(
    "/{external_id}",
    summary="Report an outage",
    response_model=Envelope[OutageView],
    responses={201: {"model": Envelope[OutageView], "description": "The outage is new"}},
)
@rules("outages:ingest", precondition="accepted")
async def put_outage(
    request: Request, external_id: ExternalId, data: OutageBody, caller: Caller, session: Session
) -> Answer:
    """The outage as it is known now, whole. The same report again changes nothing, its version neither.

    One area as `conjunto`, `municipio` and `affected` or `ucs`; several as `areas`. Where consumer units are listed,
    one that two outages have is counted once. An empty `ended_at` says that the outage goes on.
    """
    view, created = await reporting.put_outage(
        caller=caller,
        session=session,
        clock=house_of(request).clock,
        expected=_expected(request),
        data=data.report(external_id),
    )
    return _one(view, created=created)


@router.patch("/{external_id}", summary="Correct an outage", response_model=Envelope[OutageView])
@rules("outages:ingest", precondition="accepted")
async def change_outage(
    request: Request, external_id: ExternalId, data: OutageChange, caller: Caller, session: Session
) -> Answer:
    """Only the members that the body names change. `areas` are replaced together; `ended_at` null opens it again."""
    view = await corrections.change_outage(
        caller=caller,
        session=session,
        clock=house_of(request).clock,
        external_id=external_id,
        expected=_expected(request),
        members=data.members(),
    )
    return _one(view)


@router.post("/{external_id}/close", summary="Close an outage", response_model=Envelope[OutageView])
@rules("outages:ingest", idempotent=True, precondition="accepted", errors=(409,))
async def close_outage(
    request: Request, external_id: ExternalId, caller: Caller, session: Session, data: Closing | None = None
) -> Answer:
    """Supply was restored at `ended_at`, or now. One that has ended stays so; another time is a conflict (409)."""
    view = await corrections.close_outage(
        caller=caller,
        session=session,
        clock=house_of(request).clock,
        external_id=external_id,
        expected=_expected(request),
        ended_at=data.ended_at if data else None,
    )
    return _one(view)


@router.delete("/{external_id}", status_code=204, summary="Remove an outage", response_class=NoContent)
@rules("outages:ingest", precondition="accepted")
async def remove_outage(request: Request, external_id: ExternalId, caller: Caller, session: Session) -> Answer:
    """For what was reported by mistake: it counts at no moment any more, past ones included, and cannot be restored."""
    await corrections.remove_outage(
        caller=caller,
        session=session,
        clock=house_of(request).clock,
        external_id=external_id,
        expected=_expected(request),
    )
    return NoContent()


def _one(view: OutageView, *, created: bool = False) -> Answer:
    links = _links(view.external_id)
    return Answer(
        view,
        status=201 if created else 200,
        etag=row_etag(view.version),
        links=links,
        location=links[0].href if created else None,
    )


def _links(external_id: str) -> list[Link]:
    return [Link(f"{BASE}/{quote(external_id, safe='')}", "self")]


def _expected(request: Request) -> int | None:
    return version_condition(exchange_of(request.scope).headers.get(b"if-match"))


def _listed(rows: Any) -> list[Row]:
    return [{name: value for name, value in row.items() if name != "id"} for row in rows]


def _tag(rows: Any, *variant: Any) -> str:
    return list_etag(((row["id"], row["version"]) for row in rows), *variant)
