"""Consumers' demands, reported and listed. Nothing here shows who made one."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from esteio.auth.audit import Audit
from esteio.auth.caller import Caller
from esteio.http.answers import Answer, NoContent
from esteio.http.envelope import Envelope
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.pagination import Paging
from esteio.http.rules import rules
from esteio.http.sessions import Session
from esteio.services.outages.demands.bodies import DEMAND_FIELDS, DemandReport, DemandView, Protocol
from esteio.services.outages.demands.reads import BASE, demands_asked, one_demand
from esteio.services.outages.use_cases import demands as use_cases

router = APIRouter(prefix="/outages/demands", tags=["outages"])
ProtocolPath = Annotated[Protocol, Path(description="The demand's protocol")]


class DemandsAsked(Paging):
    """Filters and page of the list. Filters hold together (and)."""

    status: int | None = Field(None, ge=0, le=2)
    level: int | None = Field(None, ge=1, le=2)
    channel: int | None = Field(None, ge=1, le=12)
    municipio: int | None = Field(None, ge=1, le=9_999_999, description="Code of IBGE")

    def filters(self) -> dict[str, Any]:
        return self.model_dump(exclude=set(Paging.model_fields))


@router.get("", summary="List consumers' demands", response_model=Envelope[list[DemandView]])
@rules("outages:demands")
async def list_demands(
    request: Request, asked: Annotated[DemandsAsked, Query()], caller: Caller, session: Session
) -> Answer:
    """By protocol, without any personal data."""
    cursors = house_of(request).cursors
    page = await demands_asked(session, asked, filters=asked.filters(), cursors=cursors, tenant=caller.tenant)
    return page.answer(lambda row: dict(zip(DEMAND_FIELDS, row, strict=True)))


@router.get("/{protocol}", summary="Read a consumer's demand", response_model=Envelope[DemandView])
@rules("outages:demands")
async def read_demand(request: Request, protocol: ProtocolPath) -> Answer:
    """Without any personal data."""
    tenant = exchange_of(request.scope).principal.tenant
    row = await one_demand(house_of(request).database, tenant, protocol)
    return Answer(row, cache_control="no-store")


@router.put(
    "/{protocol}",
    summary="Report a consumer's demand",
    response_model=Envelope[DemandView],
    responses={201: {"model": Envelope[DemandView], "description": "The demand is new"}},
)
@rules("outages:demands")
async def report_demand(
    request: Request, protocol: ProtocolPath, data: DemandReport, caller: Caller, session: Session
) -> Answer:
    """As its source knows it now, whole: 201 for one that was not known, 200 otherwise. The same again does no harm.

    What says who the consumer is is kept sealed; nothing but the regulator's operation shows it.
    """
    house = house_of(request)
    view, created = await use_cases.report_demand(
        caller=caller,
        session=session,
        clock=house.clock,
        keyring=house.resources.keyring,
        protocol=protocol,
        data=data,
    )
    location = f"{BASE}/{quote(protocol, safe='')}" if created else None
    return Answer(view, status=201 if created else 200, location=location, cache_control="no-store")


@router.delete("/{protocol}", status_code=204, summary="Delete a consumer's demand", response_class=NoContent)
@rules("outages:demands")
async def delete_demand(request: Request, protocol: ProtocolPath, caller: Caller, session: Session) -> Answer:
    """Away for good, with all that it says of a person. The audit log keeps that it was deleted, and by whom."""
    audit: Audit = house_of(request).parts["audit"]
    await use_cases.delete_demand(caller=caller, session=session, audit=audit, protocol=protocol)
    return NoContent()
