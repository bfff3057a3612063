"""The tables of pets, feedings and imports."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column

from esteio.base.ids import new_id
from esteio.db.tables import Table, TenantOwned, Versioned


class Pet(TenantOwned, Versioned, Table):
    """A pet. `deleted_at` set means deleted, and restorable until it is purged."""

    __tablename__ = "pets"
    __table_args__ = (
        Index("ix_pets_created", "tenant_id", "created_at", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("ix_pets_updated", "tenant_id", "updated_at", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("ix_pets_name", "tenant_id", "name", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("uq_pets_tenant_id", "tenant_id", "id", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(100))
    species: Mapped[str] = mapped_column(String(20))
    breed: Mapped[str | None] = mapped_column(String(100))
    sex: Mapped[str | None] = mapped_column(String(10))
    birth_date: Mapped[date | None]
    weight_kg: Mapped[float | None] = mapped_column(Numeric(7, 3, asdecimal=False))
    status: Mapped[str] = mapped_column(String(20))
    owner: Mapped[str] = mapped_column(String(100))
    notes: Mapped[str | None] = mapped_column(String(2000))
    deleted_at: Mapped[datetime | None]


class Feeding(TenantOwned, Table):
    """One meal of a pet. It goes with its pet when that is purged."""

    __tablename__ = "feedings"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "pet_id"], ["pets.tenant_id", "pets.id"], ondelete="CASCADE"),
        Index("ix_feedings_pet", "tenant_id", "pet_id", "fed_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    pet_id: Mapped[UUID]
    food: Mapped[str] = mapped_column(String(100))
    grams: Mapped[int]
    fed_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(100))


class PetImport(TenantOwned, Table):
    """How many rows of an import are done. Its id is that of its task, with which it goes."""

    __tablename__ = "pet_imports"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int]
