"""The tables of webhooks, all of them their tenants'."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKey, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from esteio.db.tables import Table, TenantOwned, Versioned


class Endpoint(TenantOwned, Versioned, Table):
    """Who is told of which facts. `failing_since`: the first failure after the last success."""

    __tablename__ = "webhook_endpoints"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(String(2048))
    description: Mapped[str] = mapped_column(String(500))
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    signing: Mapped[str] = mapped_column(String(3))
    enabled: Mapped[bool]
    failing_since: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str | None] = mapped_column(String(10))
    deleted_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(100))


class Secret(TenantOwned, Table):
    """What an endpoint's deliveries are signed with, sealed with the master secret."""

    __tablename__ = "webhook_secrets"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class Delivery(TenantOwned, Table):
    """One fact for one receiver: an endpoint, or a URL that a single request named."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID | None] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    url: Mapped[str | None] = mapped_column(String(2048))
    sealed_secret: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    event_id: Mapped[UUID]
    event: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int]
    next_at: Mapped[datetime | None]
    last_status: Mapped[int | None] = mapped_column(SmallInteger)
    last_error: Mapped[str | None] = mapped_column(String(300))
    replayed_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Attempt(TenantOwned, Table):
    """One try of a delivery and what came of it; `answer` is the first kilobyte."""

    __tablename__ = "webhook_attempts"

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    status: Mapped[int | None] = mapped_column(SmallInteger)
    milliseconds: Mapped[int]
    error: Mapped[str | None] = mapped_column(String(300))
    answer: Mapped[bytes] = mapped_column(LargeBinary)


class Receipt(TenantOwned, Table):
    """A webhook that was sent to us, as it came; `sender_id` is what its sender knows it by."""

    __tablename__ = "webhook_receipts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    sender_id: Mapped[str] = mapped_column(String(255))
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    job_id: Mapped[UUID]
    received_at: Mapped[datetime]
