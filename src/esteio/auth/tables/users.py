"""Tenants, accounts, and what an account is in a tenant."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKey, Integer, LargeBinary, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from esteio.db.tables import Table, TenantOwned, Versioned


class Tenant(Versioned, Table):
    """A customer of the deployment. Seen by itself and by the default tenant, which is the platform's own."""

    __tablename__ = "tenants"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(63), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    plan: Mapped[str | None] = mapped_column(String(64), ForeignKey("plans.name"))
    disabled_at: Mapped[datetime | None]


class User(Table):
    """A person's account, which may be a member of several tenants.

    Seen in a tenant that it is a member of, and by a transaction that names it (`esteio.user`). A session made at
    another `epoch` has ended: raising it ends all of the account's sessions in every tenant at once.

    `email` is the address that it logs in with, which an account of another issuer does not have; `reported_email` is
    what that issuer last said, in a token made at `reported_at`. Nobody logs in or is mailed by it.
    """

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str | None] = mapped_column(Text)
    home_tenant: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"))
    epoch: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    disabled_at: Mapped[datetime | None]
    email_verified_at: Mapped[datetime | None]
    reported_email: Mapped[str | None] = mapped_column(String(254))
    reported_at: Mapped[datetime | None]


class Identity(Table):
    """The way from what somebody is known by (an e-mail address here, a subject there) to the account.

    Read before tenant and account are known, so it holds digests only.
    """

    __tablename__ = "identities"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)


class Membership(TenantOwned, Versioned, Table):
    """What an account is in one tenant: the name it goes by there, its roles, whether it may come in.

    `roles_said_at` is when the issuer made the token whose roles these are; none where they were given here.
    """

    __tablename__ = "memberships"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    name: Mapped[str] = mapped_column(String(200))
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    roles_said_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]


class TenantIdentity(Table):
    """The way from an issuer's organisation to the tenant that it is here: digests only, as with `Identity`."""

    __tablename__ = "tenant_identities"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"), index=True)


class Role(TenantOwned, Versioned, Table):
    """A tenant's own role. The built-in ones (`admin`, `user`) are not rows."""

    __tablename__ = "roles"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    description: Mapped[str] = mapped_column(String(500), server_default="")
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
