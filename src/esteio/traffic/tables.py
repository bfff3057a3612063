"""The tables of what was counted. A minute's row belongs to the process that writes it; hours and days are sums."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Double, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from esteio.db.tables import Table, TenantOwned


class Answered(TenantOwned):
    """Requests of one tenant that ended in the time that begins at `at`, by class of status.

    `limited` are answers of 429, which are among the `refused` too; `sent` are bytes of bodies.
    """

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    unanswered: Mapped[int] = mapped_column(BigInteger)
    informational: Mapped[int] = mapped_column(BigInteger)
    successful: Mapped[int] = mapped_column(BigInteger)
    redirected: Mapped[int] = mapped_column(BigInteger)
    refused: Mapped[int] = mapped_column(BigInteger)
    failed: Mapped[int] = mapped_column(BigInteger)
    limited: Mapped[int] = mapped_column(BigInteger, server_default="0")
    sent: Mapped[int] = mapped_column(BigInteger)


class Counted(Answered):
    """Of one route. `cells` and `counts` are a histogram of durations that leaves out what is empty."""

    method: Mapped[str] = mapped_column(String(16), primary_key=True)
    route: Mapped[str] = mapped_column(String(300), primary_key=True)
    cells: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    counts: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class Called(Answered):
    """Of one caller, as its principal is named: `key:<id>` or `client:<id>`."""

    caller: Mapped[str] = mapped_column(String(48), primary_key=True)


class TrafficMinute(Counted, Table):
    """`writer` is the process: it writes the whole row anew, so that writing it twice is writing it once."""

    __tablename__ = "traffic_minutes"
    __table_args__ = (Index("ix_traffic_minutes_at", "at"),)

    writer: Mapped[UUID] = mapped_column(primary_key=True)


class TrafficHour(Counted, Table):
    __tablename__ = "traffic_hours"


class TrafficDay(Counted, Table):
    __tablename__ = "traffic_days"


class CallerMinute(Called, Table):
    __tablename__ = "caller_minutes"
    __table_args__ = (Index("ix_caller_minutes_at", "at"),)

    writer: Mapped[UUID] = mapped_column(primary_key=True)


class CallerHour(Called, Table):
    __tablename__ = "caller_hours"
    __table_args__ = (Index("ix_caller_hours_at", "at"),)


class CallerDay(Called, Table):
    __tablename__ = "caller_days"
    __table_args__ = (Index("ix_caller_days_at", "at"),)


class ProcessSample(Table):
    """What a process used at a time. `lost` are requests that it could not keep count of since its sample before.

    `callers_lost` are those that it counted, but not with their caller.
    """

    __tablename__ = "traffic_processes"
    __table_args__ = (Index("ix_traffic_processes_at", "at"),)

    writer: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(100))
    cpu_seconds: Mapped[float] = mapped_column(Double)
    memory_bytes: Mapped[int] = mapped_column(BigInteger)
    open_files: Mapped[int | None]
    loop_lag: Mapped[float] = mapped_column(Double)
    connections: Mapped[int]
    most_connections: Mapped[int]
    lost: Mapped[int] = mapped_column(BigInteger)
    callers_lost: Mapped[int] = mapped_column(BigInteger, server_default="0")


class BacklogSample(Table):
    """What the whole house had before it in the minute that begins at `at`. Null is what could not be counted."""

    __tablename__ = "traffic_backlog"

    at: Mapped[datetime] = mapped_column(primary_key=True)
    outbox_lag: Mapped[float | None] = mapped_column(Double)
    outbox_waiting: Mapped[int | None] = mapped_column(BigInteger)
    jobs_waiting: Mapped[int | None] = mapped_column(BigInteger)
    jobs_running: Mapped[int | None] = mapped_column(BigInteger)
    jobs_dead: Mapped[int | None] = mapped_column(BigInteger)
    oldest_job: Mapped[float | None] = mapped_column(Double)
    deliveries_waiting: Mapped[int | None] = mapped_column(BigInteger)
