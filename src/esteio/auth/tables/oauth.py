"""OAuth 2 clients of tenants, their secrets, and access tokens that were revoked before their time."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, ForeignKey, LargeBinary, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from esteio.db.tables import Table, TenantOwned, Versioned


class OAuthClient(TenantOwned, Versioned, Table):
    """Another party's machine as the tenant that let it in sees it. `client_id` is public and names it to its party."""

    __tablename__ = "oauth_clients"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"), index=True)
    client_id: Mapped[str] = mapped_column(String(48), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    plan: Mapped[str | None] = mapped_column(String(64), ForeignKey("plans.name"))
    allowed_networks: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    enabled: Mapped[bool] = mapped_column(Boolean, default=True, server_default="true")
    last_used_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(100))
    revoked_at: Mapped[datetime | None]


class OAuthSecret(TenantOwned, Table):
    """One of a client's secrets; the text is nowhere, only its digest in `OAuthSecretDigest`.

    A row whose time is over stays as long as access tokens that it was exchanged for may live; one that is deleted
    takes them with it.
    """

    __tablename__ = "oauth_client_secrets"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner: Mapped[UUID] = mapped_column(ForeignKey("oauth_clients.id", ondelete="CASCADE"), index=True)
    last_four: Mapped[str] = mapped_column(String(4))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]


class OAuthSecretDigest(Table):
    """The way from a presented client id and secret to the tenant, read before the tenant is known."""

    __tablename__ = "oauth_secret_digests"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    secret_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_client_secrets.id", ondelete="CASCADE"), unique=True)
    tenant_id: Mapped[UUID]


class RevokedToken(TenantOwned, Table):
    """An access token that its client gave up; forgotten once it would have expired anyhow."""

    __tablename__ = "revoked_tokens"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    jti: Mapped[UUID] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
