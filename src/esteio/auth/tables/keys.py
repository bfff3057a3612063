"""API keys of tenants, and the keys that sign access tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, ForeignKey, LargeBinary, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from esteio.db.tables import Table, TenantOwned, Versioned


class ApiKey(TenantOwned, Versioned, Table):
    """A key as its owners see it; the key itself is nowhere, only its digest in `ApiKeyDigest`.

    While a rotation overlaps, both rows are valid: the old one's `expires_at` is the end of the overlap, and the new
    one names it in `rotated_from`.
    """

    __tablename__ = "api_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"), index=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    test: Mapped[bool] = mapped_column(Boolean, default=False, server_default="false")
    last_four: Mapped[str] = mapped_column(String(4))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    plan: Mapped[str | None] = mapped_column(String(64), ForeignKey("plans.name"))
    allowed_networks: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    enabled: Mapped[bool] = mapped_column(Boolean, default=True, server_default="true")
    expires_at: Mapped[datetime | None]
    rotated_from: Mapped[UUID | None]
    last_used_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(100))
    revoked_at: Mapped[datetime | None]


class ApiKeyDigest(Table):
    """The way from a presented key to its tenant, read before the tenant is known."""

    __tablename__ = "api_key_digests"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), unique=True)
    tenant_id: Mapped[UUID]


class SigningKey(Table):
    """An ES256 key pair of the deployment; the private half is sealed with the master secret."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    public_pem: Mapped[str] = mapped_column(Text)
    sealed_private: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    active_from: Mapped[datetime]
