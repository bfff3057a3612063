"""The table of backups that were made or came to nothing: the deployment's own, no tenant's."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from esteio.db.tables import Table


class StoredBackup(Table):
    """One attempt. `taken_at` is the moment whose state the backup holds."""

    __tablename__ = "backups"
    __table_args__ = (CheckConstraint("state IN ('running', 'made', 'failed')", name="state"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    made_by: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(10))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    files: Mapped[int | None] = mapped_column(BigInteger)
    lost: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None] = mapped_column(String(500))
