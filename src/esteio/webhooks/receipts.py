"""What was received: kept as it came, counted once, worked off by a job, and worked off again where asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import NotFound
from esteio.base.ids import new_id
from esteio.jobs.enqueue import enqueue
from esteio.webhooks.incoming import Incoming, Source
from esteio.webhooks.tables import Receipt

KEPT = ("content-type", "user-agent")
LONGEST_VALUE = 1000

_WRITE = text("""
INSERT INTO webhook_receipts (id, tenant_id, source, sender_id, headers, body, job_id, received_at)
VALUES (:id, CAST(:tenant AS uuid), :source, :sender_id, CAST(:headers AS jsonb), :body, CAST(:job AS uuid), :at)
ON CONFLICT (tenant_id, source, sender_id) DO NOTHING RETURNING id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A verified message as it came in."""

    sender_id: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    at: datetime


async def keep(session: AsyncSession, incoming: Incoming, message: Message) -> bool:
    """Write it down together with its job. Whether it is new: one with a known id changes nothing."""
    receipt = new_id()
    names = {*KEPT, *incoming.scheme.headers, *incoming.keep}
    headers = {name: message.headers[name][:LONGEST_VALUE] for name in sorted(names) if name in message.headers}
    values = {
        "id": receipt,
        "tenant": incoming.tenant,
        "source": incoming.source,
        "sender_id": message.sender_id,
        "headers": orjson.dumps(headers).decode(),
        "body": message.body,
        "job": receipt,
        "at": message.at,
    }
    if (await session.execute(_WRITE, values)).first() is None:
        return False
    await _work_off(session, incoming, receipt)
    return True


async def work_off_again(session: AsyncSession, sources: Mapping[str, Source], receipt_id: UUID) -> Receipt:
    """Let the job have it once more; while it still has it, nothing is doubled. Raises `NotFound`."""
    receipt = await one_receipt(session, receipt_id)
    source = sources.get(receipt.source)
    if source is None:
        raise NotFound("Nobody listens to the sender of this webhook any more.")
    receipt.job_id = await _work_off(session, source.incoming, receipt.id)
    return receipt


async def one_receipt(session: AsyncSession, receipt_id: UUID) -> Receipt:
    """The receipt without its body. Raises `NotFound`."""
    receipt = await session.scalar(select(Receipt).where(Receipt.id == receipt_id))
    if receipt is None:
        raise NotFound
    return receipt


async def read_receipt(session: AsyncSession, receipt_id: UUID) -> tuple[Receipt, bytes]:
    """What came, for the job that works it off: the receipt and the exact body. Raises `NotFound`."""
    row = (await session.execute(select(Receipt, Receipt.body).where(Receipt.id == receipt_id))).first()
    if row is None:
        raise NotFound
    return row[0], row[1]


async def _work_off(session: AsyncSession, incoming: Incoming, receipt: UUID) -> UUID:
    payload = incoming.job.payload(receipt=receipt, source=incoming.source)
    job = await enqueue(
        session,
        incoming.job,
        payload,
        tenant=incoming.tenant,
        principal=f"webhook:{incoming.source}",
        key=f"receipt:{receipt}",
    )
    await session.execute(update(Receipt).where(Receipt.id == receipt).values(job_id=job))
    return job
