"""The regulator's questions on record, for the distributor."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from esteio.base.errors import Invalid
from esteio.base.page import MAX_PER_PAGE, CursorPage, Direction, Place
from esteio.base.schema import Moment, View
from esteio.http.answers import Answer
from esteio.http.cursors import MAX_LENGTH
from esteio.http.envelope import Envelope
from esteio.http.exchange import exchange_of
from esteio.http.house import House, house_of
from esteio.http.pagination import cursor_links, cursor_meta, cursor_page
from esteio.http.rules import rules
from esteio.services.outages.regulator import availability
from esteio.services.outages.regulator.availability import Row

BASE = "/api/v2/outages/polls"
RESOURCE = "outages.polls"
SUMMED = timedelta(days=30)

router = APIRouter(prefix="/outages/polls", tags=["outages"])


class Period(BaseModel):
    """Which questions: all that is said must hold."""

    model_config = ConfigDict(extra="forbid")

    from_: Moment | None = Field(None, alias="from", description="From this time on")
    to: Moment | None = Field(None, description="Before this time")
    operation: str | None = Field(
        None, pattern="^[a-z]{1,60}$", description="Last segment of the path, as quantitativointerrupcoesativas"
    )


class PollsAsked(Period):
    outcome: int | None = Field(None, ge=1, le=2, description="idcStatusRequisicao: 1 answered, 2 failed or refused")
    cursor: str | None = Field(None, max_length=MAX_LENGTH, description="Opaque place from an earlier answer")
    limit: int = Field(20, ge=1, le=MAX_PER_PAGE, description="Rows of the page")

    def said(self) -> dict[str, Any]:
        """The filters as far as they were said, as the cursors carry them."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"cursor", "limit"})


class PollView(View):
    """A question of a caller who was proved, and how it was answered."""

    id: UUID
    at: datetime
    operation: str
    principal: str
    address: str
    asked: datetime | None = Field(description="The moment asked about; null for now")
    status: int = Field(description="Of HTTP")
    outcome: Literal[1, 2] = Field(description="idcStatusRequisicao")
    source: Literal["database", "cache", "stale", "none"]
    rows: int
    ms: int


class PollSummary(View):
    from_: datetime = Field(alias="from")
    to: datetime
    operation: str | None
    polls: int
    answered: int = Field(description="Those answered with idcStatusRequisicao 1")
    share: float | None = Field(description="Answered of all; null where nobody asked")
    first: datetime | None
    last: datetime | None
    longest_gap_seconds: float | None = Field(description="Between two questions that follow one another")
    p95_ms: float | None


@router.get("", summary="List the regulator's questions", response_model=Envelope[list[PollView]])
@rules("outages:read")
async def list_polls(request: Request, asked: Annotated[PollsAsked, Query()]) -> Answer:
    """The latest first, by `cursor` and `limit`. What was asked a second ago may not be written yet."""
    house, tenant = house_of(request), exchange_of(request.scope).principal.tenant
    place = house.cursors.read(asked.cursor, RESOURCE, tenant, asked.said()) if asked.cursor else None
    wanted = PollsAsked.model_validate(place.query) if place else asked
    filters = {"from": wanted.from_, "to": wanted.to, "outcome": wanted.outcome, "operation": wanted.operation}
    rows, more = await availability.polls_from(house.database, tenant, filters=filters, place=place, limit=asked.limit)
    page = _page(house, tenant, wanted.said(), rows, place, asked.limit, more=more)
    return Answer(rows, links=cursor_links(BASE, asked.said(), page), meta=cursor_meta(page))


@router.get("/summary", summary="Sum up the regulator's questions", response_model=Envelope[PollSummary])
@rules("outages:read")
async def sum_up_polls(request: Request, asked: Annotated[Period, Query()]) -> Answer:
    """Of the period from `from` to `to`: the last thirty days unless said."""
    house = house_of(request)
    until = asked.to or house.clock.now()
    since = asked.from_ or until - SUMMED
    if since >= until:
        raise Invalid.at("to", "The period ends after it begins.")
    tenant = exchange_of(request.scope).principal.tenant
    return Answer(
        await availability.summary(house.database, tenant, since=since, until=until, operation=asked.operation)
    )


def _page(
    house: House, tenant: UUID, said: dict[str, Any], rows: list[Row], place: Place | None, limit: int, *, more: bool
) -> CursorPage[Row]:

    def cursor(row: Row, direction: Direction) -> str:
        return house.cursors.write(Place((row["at"].isoformat(), str(row["id"])), direction, said), RESOURCE, tenant)

    return cursor_page(rows, limit, place=place, more=more, cursor=cursor)
