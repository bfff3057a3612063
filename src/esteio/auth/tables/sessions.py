"""Logins that last, their refresh tokens, and logins that failed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, func
from sqlalchemy.orm import Mapped, mapped_column

from esteio.db.tables import Table, TenantOwned


class LoginSession(TenantOwned, Table):
    """One login in one tenant: the family of all refresh tokens that descend from it."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_tenant_id_user_id", "tenant_id", "user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    epoch: Mapped[int] = mapped_column(Integer)
    address: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]


class RefreshToken(TenantOwned, Table):
    """One token of a family. Once used it keeps its successor, sealed with a key that only its holder has."""

    __tablename__ = "refresh_tokens"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    successor: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_successor: Mapped[bytes | None] = mapped_column(LargeBinary)


class RefreshTokenDigest(Table):
    """The way from a presented refresh token to its tenant, read before the tenant is known."""

    __tablename__ = "refresh_token_digests"

    digest: Mapped[bytes] = mapped_column(
        LargeBinary, ForeignKey("refresh_tokens.digest", ondelete="CASCADE"), primary_key=True
    )
    tenant_id: Mapped[UUID]


class LoginAttempt(Table):
    """Failed logins of one account from one address; neither can be read from the digest."""

    __tablename__ = "login_attempts"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(index=True)
    blocked_until: Mapped[datetime]
