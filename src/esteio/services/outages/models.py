"""The tables of outages, of what they touch, of the universe, of the regulator's polls, and of consumers' demands."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from esteio.base.ids import new_id
from esteio.db.tables import Table, TenantOwned, Versioned


class Outage(TenantOwned, Versioned, Table):
    """An interruption of supply, from `started_at` until, and without, `ended_at`; open while that is empty.

    `external_id` is its name in the system that reports it; `source` says through which way it was last changed (`api`,
    `oms`, `csv`). `in_oms` is so while the outage management system has it as open, whoever else changed it meanwhile.
    """

    __tablename__ = "outages"
    __table_args__ = (
        CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="order"),
        Index("uq_outages_external", "tenant_id", "external_id", unique=True),
        Index("ix_outages_open", "tenant_id", "started_at", "id", postgresql_where=text("ended_at IS NULL")),
        Index(
            "ix_outages_ended",
            "tenant_id",
            "ended_at",
            "started_at",
            "id",
            postgresql_where=text("ended_at IS NOT NULL"),
        ),
        Index("ix_outages_in_oms", "tenant_id", postgresql_where=text("in_oms")),
        Index("ix_outages_started", "tenant_id", "started_at", "id"),
        Index("ix_outages_updated", "tenant_id", "updated_at", "id"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    external_id: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(10))
    in_oms: Mapped[bool] = mapped_column(server_default=text("false"))
    planned: Mapped[bool]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class OutageArea(TenantOwned, Table):
    """How many consumer units of a (conjunto, município) an outage leaves without supply; `ucs` which, where known."""

    __tablename__ = "outage_areas"
    __table_args__ = (
        CheckConstraint("affected >= 0", name="affected"),
        ForeignKeyConstraint(["tenant_id", "outage_id"], ["outages.tenant_id", "outages.id"], ondelete="CASCADE"),
        Index("ix_outage_areas_place", "tenant_id", "municipio", "conjunto"),
        Index("ix_outage_areas_listed", "tenant_id", "outage_id", postgresql_where=text("ucs IS NOT NULL")),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    outage_id: Mapped[UUID] = mapped_column(primary_key=True)
    conjunto: Mapped[int] = mapped_column(primary_key=True)
    municipio: Mapped[int] = mapped_column(primary_key=True)
    affected: Mapped[int]
    ucs: Mapped[list[str] | None] = mapped_column(ARRAY(Text))


class UniverseEntry(TenantOwned, Table):
    """How many consumer units a conjunto serves in a município."""

    __tablename__ = "outage_universe"
    __table_args__ = (CheckConstraint("served >= 0", name="served"),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    conjunto: Mapped[int] = mapped_column(primary_key=True)
    municipio: Mapped[int] = mapped_column(primary_key=True)
    served: Mapped[int]
    updated_at: Mapped[datetime]


class Poll(TenantOwned, Table):
    """A question of the regulator and how it was answered: the distributor's proof that it was available.

    `operation` is the last segment of the path, `asked` the moment asked about (empty for now), `outcome` what
    `idcStatusRequisicao` was, `source` where the answer came from (`database`, `cache`, `stale`, `none`).
    """

    __tablename__ = "outage_polls"
    __table_args__ = (Index("ix_outage_polls_at", "tenant_id", "at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime]
    operation: Mapped[str] = mapped_column(String(60))
    principal: Mapped[str] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(String(64))
    asked: Mapped[datetime | None]
    status: Mapped[int]
    outcome: Mapped[int]
    source: Mapped[str] = mapped_column(String(10))
    rows: Mapped[int]
    ms: Mapped[int]


class Demand(TenantOwned, Table):
    """A consumer's demand. What says who the consumer is lies sealed in `personal`."""

    __tablename__ = "outage_demands"
    __table_args__ = (
        Index("ix_outage_demands_opened", "tenant_id", "opened_at"),
        Index("ix_outage_demands_closed", "tenant_id", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
        Index("ix_outage_demands_open", "tenant_id", postgresql_where=text("status = 0")),
        CheckConstraint("closed_at IS NULL OR closed_at >= opened_at", name="order"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    protocol: Mapped[str] = mapped_column(String(30), primary_key=True)
    level: Mapped[int]
    channel: Mapped[int]
    typology: Mapped[str] = mapped_column(String(7))
    status: Mapped[int]
    merit: Mapped[int]
    treatment: Mapped[int]
    municipio: Mapped[int]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    personal: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime]


class OmsMark(TenantOwned, Table):
    """How far the outage management system has been read: up to which moment, and when it was last compared whole.

    `doubted_at` says since when whole readings would end so many outages that they are not believed yet.
    """

    __tablename__ = "outage_oms_marks"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    read_until: Mapped[datetime]
    reconciled_at: Mapped[datetime | None]
    doubted_at: Mapped[datetime | None]
