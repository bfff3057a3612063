"""An order as it goes on, for whoever has its secret link."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from esteio.http.exchange import exchange_of
from esteio.http.rules import rules
from esteio.realtime.parts import Realtime
from esteio.realtime.streams import EventStream, places_of
from esteio.services.petstory.live import OrderStream
from esteio.services.petstory.routes.customer import CustomerOrder

READ = ("petstory.read",)
PUBLIC = frozenset({"GET /api/v2/petstory/orders/{link}/stream"})
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Server-sent events until either side ends it", "content": {"text/event-stream": {}}}
}

router = APIRouter(prefix="/orders/{link}", tags=["petstory"])


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    since: Annotated[
        str, Field(description="The last id that arrived; `Last-Event-ID` comes first", max_length=200)
    ] = ""


@router.get("/stream", summary="Follow an order", response_class=Response, responses=_EVENTS)
@rules(limits=READ, anonymous_limits=READ, streams=True, errors=(400, 503))
async def follow_order(request: Request, customer: CustomerOrder, asked: Annotated[Asked, Query()]) -> EventStream:
    """Server-sent events, as those of `/api/v2/stream`: `order.<state>` with each step, `order.progress` with each
    picture. They say that it is time to read the order, which holds what is shown of it.

    `Last-Event-ID` goes on where a stream broke off; after a `gap` the order is to be read. Once the link is void:
    `closed` with the code 4401, and 404 from then on.
    """
    exchange = exchange_of(request.scope)
    realtime: Realtime = customer.house.parts["realtime"]
    since = places_of(exchange.headers.get(b"last-event-id", b"").decode("latin-1") or asked.since, 1)
    realtime.check_room(exchange.principal, exchange.address)
    stream = OrderStream(realtime, customer.house.database, exchange.address, customer.link)
    return EventStream(stream, realtime, None, since)
