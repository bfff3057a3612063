"""`/ws`, `/api/v2/stream` and the tickets for both."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from esteio.auth.gate import shown
from esteio.base.errors import Invalid, InvalidCredentials
from esteio.base.principal import Principal
from esteio.base.schema import View
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.exchange import Exchange, exchange_of
from esteio.http.house import house_of
from esteio.http.rules import AUTHENTICATED, rules
from esteio.realtime.commands import LONGEST_NAME
from esteio.realtime.credentials import Credential
from esteio.realtime.errors import UpgradeRequired
from esteio.realtime.gate import KEY, Handshake
from esteio.realtime.parts import Realtime
from esteio.realtime.sockets import Upgrade
from esteio.realtime.streams import EventStream, Stream, places_of

LIMIT = "realtime.messages"
PUBLIC = frozenset({"GET /ws", "GET /api/v2/stream"})
"""Open to callers without credentials: what they may hear is said by each channel."""

MOST_CHANNELS = 20

root = APIRouter(tags=["realtime"])
v2 = APIRouter(tags=["realtime"])
_EVENTS: dict[str, Any] = {
    "description": "Server-sent events until either side ends it",
    "content": {"text/event-stream": {}},
}
Ticket = Annotated[str | None, Field(description="One-time ticket, in place of a header", min_length=1, max_length=100)]


class SocketAsked(BaseModel):
    ticket: Ticket = None


class StreamAsked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    channels: Annotated[
        str,
        Field(
            description=f"Names of at most {MOST_CHANNELS} channels, separated by commas",
            min_length=1,
            max_length=MOST_CHANNELS * (LONGEST_NAME + 1),
            examples=["pets"],
        ),
    ]
    since: Annotated[
        str, Field(description="The last id that arrived; `Last-Event-ID` comes first", max_length=2_000)
    ] = ""
    ticket: Ticket = None


class ChannelView(View):
    name: str = Field(description="With `{id}` where there is one for each subject", examples=["pets.{id}"])
    events: list[str] = Field(description="The facts that it shows", examples=[["pet.*"]])


class TicketView(View):
    ticket: str
    expires_in: int = Field(description="Seconds")


@root.get("/ws", summary="Open a WebSocket", include_in_schema=False)
@rules(streams=True, errors=(426,))
async def open_socket(request: Request, asked: Annotated[SocketAsked, Query()]) -> Upgrade:
    """Messages are JSON: `subscribe`, `unsubscribe`, `ping`, `echo`; see docs/realtime.md."""
    handshake: Handshake | None = request.scope.get(KEY)
    if handshake is None:
        raise UpgradeRequired
    exchange, realtime = exchange_of(request.scope), _realtime(request)
    realtime.origins.check(exchange.headers)
    principal, credential = await _caller(exchange, realtime, asked.ticket)
    realtime.check_room(principal, exchange.address)
    return Upgrade(realtime, handshake, principal, credential)


@v2.get("/stream", summary="Listen to channels", response_class=Response, responses={200: _EVENTS})
@rules(streams=True, errors=(404,))
async def open_stream(request: Request, asked: Annotated[StreamAsked, Query()]) -> EventStream:
    """Server-sent events of the channels. The id of each says where all of them stand."""
    exchange, realtime = exchange_of(request.scope), _realtime(request)
    names = _names(asked.channels)
    last = exchange.headers.get(b"last-event-id", b"").decode("latin-1") or asked.since
    since = places_of(last, len(names))
    principal, credential = await _caller(exchange, realtime, asked.ticket)
    realtime.check_room(principal, exchange.address)
    stream = Stream(realtime, principal, exchange.address, names)
    return EventStream(stream, realtime, credential, since)


@v2.get("/realtime/channels", summary="List channels", response_model=Envelope[list[ChannelView]])
@rules(AUTHENTICATED)
async def list_channels(request: Request) -> Answer:
    """All that this deployment has; whether the caller may listen is said when it asks to."""
    found = [
        ChannelView(name=one.name, events=[f"{begin}*" for begin in one.events]) for one in _realtime(request).channels
    ]
    return Answer(found)


@v2.post("/realtime/tickets", status_code=201, summary="Get a one-time ticket", response_model=Envelope[TicketView])
@rules(AUTHENTICATED)
async def create_ticket(request: Request) -> Answer:
    """For `/ws?ticket=…` and `/api/v2/stream?ticket=…`: it proves what the credential of this request proves, once."""
    tickets, presented = _realtime(request).tickets, shown(exchange_of(request.scope).headers)
    if presented is None:
        raise InvalidCredentials
    ticket = await tickets.issue(Credential(*presented))
    return Answer(TicketView(ticket=ticket, expires_in=tickets.seconds), status=201, cache_control="no-store")


async def _caller(exchange: Exchange, realtime: Realtime, ticket: str | None) -> tuple[Principal, Credential | None]:
    """Who calls: by the header that the gate has judged, or by a ticket."""
    presented = shown(exchange.headers)
    if ticket is None or presented is not None:
        return exchange.principal, None if presented is None else Credential(*presented)
    credential = await realtime.tickets.redeem(ticket)
    proof = await realtime.proving.enter(credential, exchange.address)
    exchange.principal = proof.principal
    return proof.principal, credential


def _names(text: str) -> list[str]:
    names = text.split(",")
    if len(names) > MOST_CHANNELS or len(set(names)) < len(names) or not all(names):
        raise Invalid.at("channels", f"channels are 1 to {MOST_CHANNELS} different names, separated by commas.")
    return names


def _realtime(request: Request) -> Realtime:
    realtime: Realtime = house_of(request).parts["realtime"]
    return realtime
