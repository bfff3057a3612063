"""The table of files: whose they are, what they are called, and until when they are kept."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from esteio.base.ids import new_id
from esteio.db.tables import Table, TenantOwned


class StoredFile(TenantOwned, Table):
    """One file. Its object is whole before the row is written, and goes before the row does.

    `deleted_at` set means that nobody gets it any more; the purge removes it.
    """

    __tablename__ = "files"
    __table_args__ = (Index("ix_files_tenant_id_expires_at", "tenant_id", "expires_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
