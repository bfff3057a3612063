"""The tables of orders: who ordered, what was sent and drawn, what was paid, what was mailed."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, ForeignKeyConstraint, Index, Numeric, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from esteio.base.ids import new_id
from esteio.db.tables import Table, TenantOwned, Versioned

MONEY = Numeric(12, 2)


class Customer(TenantOwned, Table):
    """Who ordered. Nothing that others are told leads here; `email` is gone once the customer is forgotten.

    `uploads` are the times at which photos were taken for the address within the last hour.
    """

    __tablename__ = "petstory_customers"
    __table_args__ = (
        Index("uq_petstory_customers_email", "tenant_id", "email_key", unique=True),
        Index("uq_petstory_customers_tenant_id", "tenant_id", "id", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str | None] = mapped_column(String(254))
    email_key: Mapped[str | None] = mapped_column(String(254))
    uploads: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)), default=list)
    created_at: Mapped[datetime]


class Order(TenantOwned, Versioned, Table):
    """A book that was asked for. `link` is the number that its secret link must carry; a new one revokes the old.

    `received` is the sum of its payment events; `spent` is what its pictures cost, in US dollars. `wanted` is how many
    photos may still be sent in the place of such as could not be drawn, once the order is paid.
    """

    __tablename__ = "petstory_orders"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["petstory_customers.tenant_id", "petstory_customers.id"]),
        Index("uq_petstory_orders_tenant_id", "tenant_id", "id", unique=True),
        Index("ix_petstory_orders_created", "tenant_id", "created_at", "id"),
        Index("ix_petstory_orders_updated", "tenant_id", "updated_at", "id"),
        Index("ix_petstory_orders_state", "tenant_id", "state", "created_at", "id"),
        Index("ix_petstory_orders_customer", "tenant_id", "customer_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    customer_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(200))
    pet_name: Mapped[str] = mapped_column(String(100))
    species: Mapped[str | None] = mapped_column(String(50))
    breed: Mapped[str | None] = mapped_column(String(100))
    born: Mapped[date | None]
    words: Mapped[str] = mapped_column(String(4000))
    language: Mapped[str] = mapped_column(String(10))
    styles: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    price: Mapped[Decimal] = mapped_column(MONEY)
    currency: Mapped[str] = mapped_column(String(3))
    received: Mapped[Decimal] = mapped_column(MONEY, default=Decimal(0))
    spent: Mapped[Decimal] = mapped_column(Numeric(12, 4), default=Decimal(0))
    wanted: Mapped[int] = mapped_column(default=0)
    link: Mapped[int] = mapped_column(default=1)
    tribute: Mapped[bool] = mapped_column(default=True)
    tribute_link: Mapped[int] = mapped_column(default=1)
    story: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    book_id: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    produced_at: Mapped[datetime | None]
    emailed_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    photos_purged_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]


class Photo(TenantOwned, Table):
    """A photo of an order, decoded and written anew. `file_id` names its file; `sha256` is that of its bytes."""

    __tablename__ = "petstory_photos"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "order_id"], ["petstory_orders.tenant_id", "petstory_orders.id"], ondelete="CASCADE"
        ),
        Index("uq_petstory_photos_position", "tenant_id", "order_id", "position", unique=True),
        Index("uq_petstory_photos_tenant_id", "tenant_id", "id", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID]
    position: Mapped[int]
    file_id: Mapped[UUID]
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]
    source: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime]


class Art(TenantOwned, Table):
    """A photo in a style. `state` is `queued`, `drawn`, `refused` (another photo is needed) or `failed`.

    `stage` is `preview` or `production`: for which of them it is drawn. `file_id` names the whole picture,
    `preview_file_id` the small one with a watermark.
    """

    __tablename__ = "petstory_arts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "order_id"], ["petstory_orders.tenant_id", "petstory_orders.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["tenant_id", "photo_id"], ["petstory_photos.tenant_id", "petstory_photos.id"], ondelete="CASCADE"
        ),
        Index("uq_petstory_arts_photo", "tenant_id", "photo_id", "style", unique=True),
        Index("ix_petstory_arts_order", "tenant_id", "order_id", "state"),
        Index("ix_petstory_arts_drawn", "tenant_id", "photo_sha256", "style", postgresql_where=text("state = 'drawn'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID]
    photo_id: Mapped[UUID]
    style: Mapped[str] = mapped_column(String(20))
    stage: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(200))
    photo_sha256: Mapped[str] = mapped_column(String(64))
    file_id: Mapped[UUID | None]
    preview_file_id: Mapped[UUID | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    provider: Mapped[str | None] = mapped_column(String(20))
    model: Mapped[str | None] = mapped_column(String(100))
    cost: Mapped[Decimal] = mapped_column(Numeric(12, 4), default=Decimal(0))
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    drawn_at: Mapped[datetime | None]


class Checkout(TenantOwned, Table):
    """A preference at Mercado Pago. Its key is stored before the call, so that a repeated call makes no second one.

    `asked_sha256` is that of what the key is for: a key is good for one body. `look_at` is when the payments of the
    order are asked after next; `None` where nobody asks any more.
    """

    __tablename__ = "petstory_checkouts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "order_id"], ["petstory_orders.tenant_id", "petstory_orders.id"], ondelete="CASCADE"
        ),
        Index("ix_petstory_checkouts_order", "tenant_id", "order_id", "created_at"),
        Index("ix_petstory_checkouts_look", "tenant_id", "look_at", postgresql_where=text("look_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID]
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    asked_sha256: Mapped[str] = mapped_column(String(64))
    amount: Mapped[Decimal] = mapped_column(MONEY)
    currency: Mapped[str] = mapped_column(String(3))
    preference_id: Mapped[str | None] = mapped_column(String(100))
    url: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    look_at: Mapped[datetime | None]


class Payment(TenantOwned, Table):
    """A payment as Mercado Pago last told it when it was asked. `doubt` says why it is not believed."""

    __tablename__ = "petstory_payments"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "order_id"], ["petstory_orders.tenant_id", "petstory_orders.id"]),
        Index("uq_petstory_payments_number", "tenant_id", "number", unique=True),
        Index("ix_petstory_payments_order", "tenant_id", "order_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID]
    number: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(30))
    status_detail: Mapped[str | None] = mapped_column(String(100))
    method: Mapped[str | None] = mapped_column(String(50))
    amount: Mapped[Decimal] = mapped_column(MONEY)
    refunded: Mapped[Decimal] = mapped_column(MONEY)
    currency: Mapped[str] = mapped_column(String(3))
    live: Mapped[bool]
    doubt: Mapped[str | None] = mapped_column(String(30))
    approved_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    first_seen_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class PaymentEvent(TenantOwned, Table):
    """What a reading of a payment changed: appended, never changed. The deltas of an order sum up to its `received`."""

    __tablename__ = "petstory_payment_events"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "order_id"], ["petstory_orders.tenant_id", "petstory_orders.id"]),
        Index("ix_petstory_payment_events_order", "tenant_id", "order_id", "position"),
    )

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    id: Mapped[UUID] = mapped_column(unique=True, default=new_id)
    order_id: Mapped[UUID]
    number: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(30))
    status_detail: Mapped[str | None] = mapped_column(String(100))
    delta: Mapped[Decimal] = mapped_column(MONEY)
    currency: Mapped[str] = mapped_column(String(3))
    source: Mapped[str] = mapped_column(String(20))
    doubt: Mapped[str | None] = mapped_column(String(30))
    at: Mapped[datetime]


class Refund(TenantOwned, Table):
    """Money to be given back. Its key is stored before the call. `state` is `asked`, `done` or `failed`."""

    __tablename__ = "petstory_refunds"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "order_id"], ["petstory_orders.tenant_id", "petstory_orders.id"]),
        Index("ix_petstory_refunds_order", "tenant_id", "order_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID]
    number: Mapped[str] = mapped_column(String(64))
    amount: Mapped[Decimal] = mapped_column(MONEY)
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(10))
    refund_number: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(200))
    error: Mapped[str | None] = mapped_column(String(200))
    asked_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class Mail(TenantOwned, Table):
    """A mail of an order. `state` is `queued`, `handing_over`, `sent`, `refused`, `unconfirmed` or `failed`.

    `handing_over` is written before the server is told that the message is whole: where nobody lived to hear its
    answer, the mail is `unconfirmed` and not sent again by itself.
    """

    __tablename__ = "petstory_mails"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "order_id"], ["petstory_orders.tenant_id", "petstory_orders.id"], ondelete="CASCADE"
        ),
        Index("ix_petstory_mails_order", "tenant_id", "order_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    code: Mapped[int | None]
    answer: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
