"""The tables of capsules: what was asked for, its versions, their files, and the contents that files share."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from esteio.base.ids import new_id
from esteio.db.tables import Table, TenantOwned, Versioned

_LIVING = text("deleted_at IS NULL")


class Capsule(TenantOwned, Versioned, Table):
    """A capsule as it stands. `current` is the number of its latest version, 0 while it has none.

    `deleted_at` set means deleted, and restorable until it is purged. `bytes` counts the files of all its versions.
    """

    __tablename__ = "capsules"
    __table_args__ = (
        Index("ix_capsules_created", "tenant_id", "created_at", "id", postgresql_where=_LIVING),
        Index("ix_capsules_updated", "tenant_id", "updated_at", "id", postgresql_where=_LIVING),
        Index("ix_capsules_name", "tenant_id", "project_name", "id", postgresql_where=_LIVING),
        Index("uq_capsules_tenant_id", "tenant_id", "id", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    project_name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(5000))
    tech_stack: Mapped[list[str]] = mapped_column(ARRAY(Text))
    technologies: Mapped[list[str]] = mapped_column(ARRAY(Text))
    requirements: Mapped[list[str]] = mapped_column(ARRAY(Text))
    constraints: Mapped[list[str]] = mapped_column(ARRAY(Text))
    priority: Mapped[str] = mapped_column(String(10))
    labels: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB)
    provider: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(64))
    base: Mapped[str] = mapped_column(String(64))
    owner: Mapped[str] = mapped_column(String(100))
    current: Mapped[int] = mapped_column(Integer, default=0)
    files: Mapped[int] = mapped_column(Integer, default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    job_id: Mapped[UUID | None]
    webhook_url: Mapped[str | None] = mapped_column(String(2048))
    deleted_at: Mapped[datetime | None]
    search: Mapped[str] = mapped_column(TSVECTOR, deferred=True, insert_default=None, server_default="")


class CapsuleVersion(TenantOwned, Table):
    """What a capsule was at one time: never changed once written. `tree` is the digest of its files' list."""

    __tablename__ = "capsule_versions"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "capsule_id"], ["capsules.tenant_id", "capsules.id"], ondelete="CASCADE"),
    )

    capsule_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    cause: Mapped[str] = mapped_column(String(20))
    project_name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(5000))
    tech_stack: Mapped[list[str]] = mapped_column(ARRAY(Text))
    requirements: Mapped[list[str]] = mapped_column(ARRAY(Text))
    constraints: Mapped[list[str]] = mapped_column(ARRAY(Text))
    base: Mapped[str] = mapped_column(String(64))
    pack: Mapped[str] = mapped_column(String(100))
    provider: Mapped[str] = mapped_column(String(10))
    note: Mapped[str | None] = mapped_column(String(300))
    files: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInteger)
    tree: Mapped[str] = mapped_column(String(64))
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]


class CapsuleFile(TenantOwned, Table):
    """A file of a version. `origin`: who wrote it: the `template`, the `model`, or a person's `edit`."""

    __tablename__ = "capsule_files"
    __table_args__ = (
        ForeignKeyConstraint(
            ["capsule_id", "number"], ["capsule_versions.capsule_id", "capsule_versions.number"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["tenant_id", "sha256"], ["capsule_contents.tenant_id", "capsule_contents.sha256"]),
        Index("ix_capsule_files_sha256", "tenant_id", "sha256"),
    )

    capsule_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(String(255, collation="C"), primary_key=True)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int]
    executable: Mapped[bool] = mapped_column(Boolean)
    origin: Mapped[str] = mapped_column(String(10))


class CapsuleContent(TenantOwned, Table):
    """The bytes of files, once for all files of the tenant that are alike. Gone when no file has them any more."""

    __tablename__ = "capsule_contents"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
