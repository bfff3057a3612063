"""What accounts do by mail: letters, the tokens in them, registrations that wait for them, invitations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from esteio.db.tables import Table, TenantOwned, Versioned


class Invitation(TenantOwned, Versioned, Table):
    """Somebody is asked to become a member. `open` until it is accepted, declined or withdrawn, or its time is over.

    An address has one open invitation of a tenant at most.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        Index("uq_invitations_open", "tenant_id", "email", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_invitations_tenant_id", "tenant_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"))
    email: Mapped[str] = mapped_column(String(254))
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    invited_by: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(10))
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[UUID | None]


class Registration(TenantOwned, Table):
    """Somebody wants an account and has not shown yet that the address is theirs. No account exists so far."""

    __tablename__ = "registrations"
    __table_args__ = (Index("ix_registrations_tenant_id_email", "tenant_id", "email"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"))
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AccountLetter(TenantOwned, Table):
    """A mail that was asked for, and what became of it.

    `subject` is the account, registration or invitation that it is about, or nobody: a letter to an address that has
    no account is written down like any other. `address` is where it goes, unless that is where the account is by then;
    `epoch` is the account's when it was asked for.
    """

    __tablename__ = "account_letters"
    __table_args__ = (
        Index("ix_account_letters_subject", "tenant_id", "subject", "kind", "id"),
        Index("ix_account_letters_created_at", "tenant_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"))
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[UUID | None]
    address: Mapped[str | None] = mapped_column(String(254))
    epoch: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(12))
    code: Mapped[int | None] = mapped_column(SmallInteger)
    answer: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class MailToken(TenantOwned, Table):
    """A token that went out by mail: for what, about whom, to which address, and the account's epoch at that time."""

    __tablename__ = "mail_tokens"
    __table_args__ = (Index("ix_mail_tokens_subject", "tenant_id", "subject", "purpose"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"))
    purpose: Mapped[str] = mapped_column(String(20))
    subject: Mapped[UUID]
    address: Mapped[str] = mapped_column(String(254))
    epoch: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class MailTokenDigest(Table):
    """The way from a presented token to its tenant, read before the tenant is known."""

    __tablename__ = "mail_token_digests"

    digest: Mapped[bytes] = mapped_column(
        LargeBinary, ForeignKey("mail_tokens.digest", ondelete="CASCADE"), primary_key=True
    )
    tenant_id: Mapped[UUID]


class MailRequest(Table):
    """How many mails of one kind an address was sent, or would have been, since a time; neither can be read."""

    __tablename__ = "mail_requests"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    asked: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime] = mapped_column(index=True)
