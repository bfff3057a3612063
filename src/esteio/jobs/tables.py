"""The tables of jobs. What a job is belongs to its tenant; where it stands while it lives is its ticket's."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from esteio.db.tables import Table, TenantOwned


class StoredJob(TenantOwned, Table):
    """What was asked, and once it has ended what came of it."""

    __tablename__ = "jobs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    queue: Mapped[str] = mapped_column(String(32))
    lane: Mapped[UUID]
    lane_limit: Mapped[int | None] = mapped_column(SmallInteger)
    visible: Mapped[bool]
    payload: Mapped[dict[str, Any]]
    unique_key: Mapped[str | None] = mapped_column(String(200))
    principal: Mapped[str] = mapped_column(String(100))
    request_id: Mapped[str | None] = mapped_column(String(128))
    trace_id: Mapped[str | None] = mapped_column(String(32))
    traceparent: Mapped[str | None] = mapped_column(String(55))
    run_traceparent: Mapped[str | None] = mapped_column(String(55))
    created_at: Mapped[datetime]
    outcome: Mapped[str | None] = mapped_column(String(10))
    attempts: Mapped[int]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    done: Mapped[int | None] = mapped_column(BigInteger)
    total: Mapped[int | None] = mapped_column(BigInteger)
    message: Mapped[str | None] = mapped_column(String(200))
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]


class Ticket(Table):
    """Where a job stands while it lives, for the processes that carry and run all tenants' jobs."""

    __tablename__ = "job_tickets"

    job_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(100))
    queue: Mapped[str] = mapped_column(String(32))
    lane: Mapped[UUID]
    lane_limit: Mapped[int | None] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(String(10))
    due_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    attempts: Mapped[int]
    crashes: Mapped[int]
    fence: Mapped[int] = mapped_column(BigInteger)
    worker: Mapped[str | None] = mapped_column(String(100))
    lease_until: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    cancel_requested: Mapped[bool]
    traceparent: Mapped[str | None] = mapped_column(String(55))
