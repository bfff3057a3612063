"""Kinds of facts and the outbox that holds them until they are told."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import BigInteger, Identity, Index, String, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from esteio.base.ids import new_id
from esteio.db.tables import Table, TenantOwned
from esteio.db.transaction import touch
from esteio.telemetry.context import current
from esteio.telemetry.tracing.spans import traceparent


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of fact: its name (`pet.fed`), the shape of its data, and a sentence for those who subscribe."""

    name: str
    data: type[BaseModel]
    summary: str


class OutboxEntry(TenantOwned, Table):
    """A fact that has become true. `position` is the order of writing, `id` what receivers recognise it by."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_tenant_id_occurred_at", "tenant_id", "occurred_at"),)

    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(200))
    data: Mapped[dict[str, Any]]
    principal: Mapped[str] = mapped_column(String(100))
    request_id: Mapped[str | None] = mapped_column(String(128))
    trace_id: Mapped[str | None] = mapped_column(String(32))
    traceparent: Mapped[str | None] = mapped_column(String(55))
    occurred_at: Mapped[datetime] = mapped_column(server_default=func.now())


def tell(
    session: AsyncSession,
    kind: EventType,
    data: BaseModel,
    *,
    subject: UUID,
    tenant: UUID,
    principal: str,
    at: datetime,
) -> None:
    """Write the fact to the outbox of the running transaction: it is told if and only if the transaction commits."""
    if not isinstance(data, kind.data):
        raise TypeError(f"{kind.name} tells {kind.data.__name__}, not {type(data).__name__}")
    context = current.get()
    touch(session, kind.name.partition(".")[0])
    session.add(
        OutboxEntry(
            id=new_id(),
            tenant_id=tenant,
            name=kind.name,
            subject=str(subject),
            data=data.model_dump(mode="json"),
            principal=principal,
            request_id=context.request_id if context else None,
            trace_id=context.trace_id if context else None,
            traceparent=traceparent(),
            occurred_at=at,
        )
    )
