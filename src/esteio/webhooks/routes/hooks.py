"""Where others send their webhooks."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Path, Request

from esteio.base.errors import NotFound
from esteio.db.transaction import transaction
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.exchange import exchange_of
from esteio.http.gate.bounds import read_body
from esteio.http.house import house_of
from esteio.http.rules import rules
from esteio.webhooks.errors import InvalidSignature
from esteio.webhooks.incoming import Source
from esteio.webhooks.metrics import received
from esteio.webhooks.parts import Webhooks
from esteio.webhooks.receipts import Message, keep
from esteio.webhooks.schemas import AcceptedView
from esteio.webhooks.schemes import Arrival

LIMIT = "hooks"
LARGEST = 262_144
"""Bytes of a body."""

router = APIRouter(prefix="/hooks", tags=["webhooks"])
SourceName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description="The sender, as it is declared")]


@router.post("/{source}", summary="Receive a webhook", response_model=Envelope[AcceptedView])
@rules(limits=(LIMIT,), body_limit=LARGEST)
async def receive(request: Request, source: SourceName) -> Answer:
    """The raw body is verified, kept and answered; a job works it off. What came before is answered the same."""
    return await take_in(request, source)


async def take_in(request: Request, source: str) -> Answer:
    """What `receive` does, for routes at which a service has a sender of its own; their rules name `LIMIT`, `LARGEST`.

    Raises `NotFound` for a sender who is not declared or has no secret, and `InvalidSignature`.
    """
    parts: Webhooks = house_of(request).parts["webhooks"]
    known = parts.sources.get(source)
    if known is None or not known.secrets:
        raise NotFound
    try:
        message = await _verified(request, parts, known)
    except InvalidSignature:
        received().labels(source, "refused").inc()
        raise
    async with transaction(house_of(request).database, known.incoming.tenant) as session:
        new = await keep(session, known.incoming, message)
    received().labels(source, "accepted" if new else "duplicate").inc()
    return accepted()


def accepted() -> Answer:
    """What every sender is answered whose message was taken in, or needs not be."""
    return Answer(AcceptedView(accepted=True), cache_control="no-store")


async def _verified(request: Request, parts: Webhooks, source: Source) -> Message:
    exchange = exchange_of(request.scope)
    body = await read_body(exchange, request.receive)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in exchange.headers.items()}
    now = parts.clock.now()
    arrival = Arrival(headers, _once(request), body)
    sender_id = source.incoming.scheme.verify(arrival, source.secrets, now.timestamp())
    return Message(sender_id=sender_id, headers=headers, body=body, at=now)


def _once(request: Request) -> dict[str, str]:
    """The parameters of the address that it has once."""
    counted = Counter(name for name, _ in request.query_params.multi_items())
    return {name: value for name, value in request.query_params.items() if counted[name] == 1}
