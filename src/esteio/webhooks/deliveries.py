"""Writing deliveries down, each together with the job that sends it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.crypto import Keyring
from esteio.base.errors import NotFound
from esteio.base.ids import new_id
from esteio.jobs.enqueue import Order, enqueue_all
from esteio.upstream.guard import parsed
from esteio.webhooks.errors import EndpointDisabled
from esteio.webhooks.kinds import DELIVER, DeliverOrder
from esteio.webhooks.messages import body_of
from esteio.webhooks.signing import shared_secret
from esteio.webhooks.vault import sealed

PRINCIPAL = "webhooks"

# One that is there already was written with its job, in a transaction that has committed.
_WRITE = text("""
INSERT INTO webhook_deliveries
    (id, tenant_id, endpoint_id, event_id, event, subject, body, state, next_at, created_at)
SELECT a.id, CAST(:tenant AS uuid), a.endpoint, CAST(:event_id AS uuid), :event, :subject, :body, 'pending', now(),
       now()
FROM unnest(CAST(:ids AS uuid[]), CAST(:endpoints AS uuid[])) AS a (id, endpoint)
ON CONFLICT (endpoint_id, event_id) DO NOTHING
RETURNING id, endpoint_id
""")
_WRITE_ONE = text("""
INSERT INTO webhook_deliveries
    (id, tenant_id, url, sealed_secret, event_id, event, subject, body, state, next_at, created_at)
VALUES (:id, CAST(:tenant AS uuid), :url, :secret, CAST(:event_id AS uuid), :event, :subject, :body, 'pending', now(),
        now())
""")
_TARGET = text("""
SELECT d.state, d.endpoint_id, d.url, e.enabled AND e.deleted_at IS NULL AS open
FROM webhook_deliveries d LEFT JOIN webhook_endpoints e ON e.id = d.endpoint_id
WHERE d.id = :id FOR UPDATE OF d
""")
_AGAIN = text("""
UPDATE webhook_deliveries SET state = 'pending', next_at = now(), finished_at = NULL, replayed_by = :by
WHERE id = ANY (CAST(:ids AS uuid[]))
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A fact as receivers are sent it. `id` is what they recognise it by."""

    id: UUID
    event: str
    subject: str
    body: bytes


async def write_deliveries(
    session: AsyncSession, message: Message, endpoints: Sequence[UUID], *, tenant: UUID
) -> list[UUID]:
    """A delivery to each endpoint that has none of this message yet. Saying it again adds nothing."""
    if not endpoints:
        return []
    values = _said(message, tenant) | {"ids": [new_id() for _ in endpoints], "endpoints": list(endpoints)}
    written = (await session.execute(_WRITE, values)).all()
    await _enqueue(session, {row.id: row.endpoint_id for row in written}, tenant)
    return [row.id for row in written]


async def deliver_once(
    session: AsyncSession,
    keyring: Keyring,
    *,
    tenant: UUID,
    url: str,
    secret: str,
    event: str,
    subject: str,
    data: Any,
    at: datetime,
) -> UUID:
    """Send one message to a URL that a single request named, the way that endpoints are sent theirs.

    `secret` (`whsec_…`) signs it and is kept sealed; `data` is what orjson writes. The delivery's id. Raises
    `UrlRefused` (a `ValueError`) for what is no URL; whoever takes the URL in asks the guard of `upstream` first.
    """
    host, row = parsed(url).host, new_id()
    message = Message(id=new_id(), event=event, subject=subject, body=body_of(event, at, orjson.dumps(data), subject))
    values = _said(message, tenant) | {"id": row, "url": url}
    values["secret"] = sealed(keyring, shared_secret(secret), row)
    await session.execute(_WRITE_ONE, values)
    await _enqueue(session, {row: lane_of(host)}, tenant)
    return row


async def deliver_again(session: AsyncSession, delivery: UUID, *, tenant: UUID) -> None:
    """Send it once more, with all its attempts; one that is pending is sent as it would have been.

    Raises `NotFound`, and `EndpointDisabled` where nothing is sent at present.
    """
    row = (await session.execute(_TARGET, {"id": delivery})).first()
    if row is None:
        raise NotFound
    if row.url is None and not row.open:
        raise EndpointDisabled
    if row.state != "pending":
        lane = row.endpoint_id or lane_of(parsed(row.url).host)
        await send_again(session, {delivery: lane}, tenant=tenant, by=None)


async def send_again(session: AsyncSession, lanes: dict[UUID, UUID], *, tenant: UUID, by: UUID | None) -> None:
    """Make ended deliveries, which the transaction has locked, pending again. `by`: the job that asked for them."""
    await session.execute(_AGAIN, {"ids": list(lanes), "by": by})
    await _enqueue(session, lanes, tenant)


def lane_of(host: str) -> UUID:
    """With what the deliveries to a host without an endpoint take turns."""
    return uuid5(NAMESPACE_URL, f"webhooks://{host}")


async def _enqueue(session: AsyncSession, lanes: dict[UUID, UUID], tenant: UUID) -> None:
    orders = [
        Order(DeliverOrder(delivery=delivery), key=f"delivery:{delivery}", lane=lane)
        for delivery, lane in lanes.items()
    ]
    if orders:
        await enqueue_all(session, DELIVER, orders, tenant=tenant, principal=PRINCIPAL)


def _said(message: Message, tenant: UUID) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "event_id": message.id,
        "event": message.event,
        "subject": message.subject,
        "body": message.body,
    }
