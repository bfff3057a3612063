"""Orders as who manages them sees them: in lists, one by one with everything, and summed up."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, ColumnElement, DateTime, Select, String, any_, bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from esteio.auth.tables import AuditEntry
from esteio.base.errors import NotFound
from esteio.db.database import Database
from esteio.db.lists import Lists, by_moment, by_text
from esteio.db.reading import Reading, reading
from esteio.files.records import FoundFile, find
from esteio.services.petstory.admin_schemas import (
    ArtRowView,
    CheckoutRowView,
    MailRowView,
    OrderDetailView,
    PaymentEventView,
    PaymentRowView,
    PhotoRowView,
    RefundRowView,
    StepView,
    SummaryView,
)
from esteio.services.petstory.customers import email_key
from esteio.services.petstory.models import Art, Checkout, Customer, Mail, Order, Payment, PaymentEvent, Photo, Refund

Query = Select[*tuple[Any, ...]]

UNSENT = ("refused", "unconfirmed", "failed")
_doubted = select(Payment.id).where(Payment.order_id == Order.id, Payment.doubt.is_not(None)).exists()
_ROW = (
    Order.id,
    Order.state,
    Order.reason,
    Customer.email,
    Order.pet_name,
    Order.language,
    Order.price,
    Order.currency,
    Order.received,
    _doubted.label("doubt"),
    Order.version,
    Order.created_at,
    Order.updated_at,
    Order.paid_at,
)
FILTERS: dict[str, ColumnElement[bool]] = {
    "state": Order.state == bindparam("state", type_=String()),
    "email": Customer.email_key == bindparam("email", type_=String()),
    "created_since": Order.created_at >= bindparam("created_since", type_=DateTime(timezone=True)),
    "created_before": Order.created_at < bindparam("created_before", type_=DateTime(timezone=True)),
    "doubt": _doubted == bindparam("doubt", type_=Boolean()),
}
_PARTS: dict[str, tuple[Any, InstrumentedAttribute[Any]]] = {
    "photos": (PhotoRowView, Photo.position),
    "arts": (ArtRowView, Art.id),
    "checkouts": (CheckoutRowView, Checkout.created_at),
    "payments": (PaymentRowView, Payment.first_seen_at),
    "payment_events": (PaymentEventView, PaymentEvent.position),
    "refunds": (RefundRowView, Refund.created_at),
    "mails": (MailRowView, Mail.created_at),
}


async def everything(session: AsyncSession, order_id: UUID) -> OrderDetailView:
    """The order as the running transaction sees it. Raises `NotFound`."""
    await session.flush()
    query = select(Order, Customer.email).join(Customer, Customer.id == Order.customer_id).where(Order.id == order_id)
    found = (await session.execute(query.execution_options(populate_existing=True))).one_or_none()
    if found is None:
        raise NotFound
    order, email = found
    parts = {name: await _part(session, order_id, *part) for name, part in _PARTS.items()}
    own = {name: getattr(order, name) for name in OrderDetailView.model_fields if hasattr(order, name)}
    steps = await _steps(session, order_id)
    return OrderDetailView(**own, **parts, email=email, book=order.book_id is not None, steps=steps)


async def photo_file(database: Database, tenant: UUID, order_id: UUID, photo_id: UUID) -> FoundFile:
    """The file of a photo of the order. Raises `NotFound`."""
    shape = _photo()
    rows = await database.read(tenant, shape, *shape.arguments({"order_id": order_id, "photo_id": photo_id}))
    if not rows:
        raise NotFound
    file = await find(database, tenant, rows[0]["file_id"])
    if file.deleted_at is not None:
        raise NotFound
    return file


async def book_row(database: Database, tenant: UUID, order_id: UUID) -> dict[str, Any]:
    """What `queries.kept_book` finds the order's book by. Raises `NotFound`."""
    rows = await database.read(tenant, _book(), order_id)
    if not rows:
        raise NotFound
    return dict(rows[0])


async def summary(database: Database, tenant: UUID) -> SummaryView:
    """How the tenant's orders stand now."""
    orders: dict[Any, int] = {}
    received: dict[str, Decimal] = {}
    for row in await database.read(tenant, _by_state()):
        orders[row["state"]] = orders.get(row["state"], 0) + row["number"]
        received[row["currency"]] = received.get(row["currency"], Decimal("0.00")) + row["received"]
    shape = _counts()
    counts = (await database.read(tenant, shape, *shape.arguments({"unsent": [*UNSENT]})))[0]
    return SummaryView(orders=orders, received=received, failed_mails=counts["failed_mails"], doubts=counts["doubts"])


def _values(filters: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in filters.items() if value is not None}
    if "email" in values:
        values["email"] = email_key(values["email"])
    return values


def _rows(names: tuple[str, ...]) -> Query:
    query = select(*_ROW).join(Customer, Customer.id == Order.customer_id)
    return query.where(*(FILTERS[name] for name in names))


def _total(names: tuple[str, ...]) -> Select[int]:
    query = select(func.count(Order.id).label("total")).join(Customer, Customer.id == Order.customer_id)
    return query.where(*(FILTERS[name] for name in names))


ORDERS = Lists(
    rows=_rows,
    total=_total,
    identity=Order.id,
    orders={
        "created_at": by_moment(Order.created_at),
        "updated_at": by_moment(Order.updated_at),
        "state": by_text(Order.state),
    },
    values=_values,
)


async def _part(session: AsyncSession, order_id: UUID, view: Any, order: InstrumentedAttribute[Any]) -> list[Any]:
    table = order.class_
    query = select(table).where(table.order_id == order_id).order_by(order, table.id)
    found = await session.scalars(query.execution_options(populate_existing=True))
    return [view.model_validate(row) for row in found]


async def _steps(session: AsyncSession, order_id: UUID) -> list[StepView]:
    """What the audit log has of the order, in turn."""
    query = select(AuditEntry).where(AuditEntry.subject == str(order_id), AuditEntry.action.startswith("petstory."))
    return [StepView.model_validate(entry) for entry in await session.scalars(query.order_by(AuditEntry.position))]


@cache
def _photo() -> Reading:
    return reading(
        select(Photo.file_id).where(Photo.order_id == bindparam("order_id"), Photo.id == bindparam("photo_id"))
    )


@cache
def _book() -> Reading:
    return reading(select(Order.state, Order.produced_at, Order.book_id).where(Order.id == bindparam("order_id")))


@cache
def _by_state() -> Reading:
    number, received = func.count().label("number"), func.sum(Order.received).label("received")
    return reading(select(Order.state, Order.currency, number, received).group_by(Order.state, Order.currency))


@cache
def _counts() -> Reading:
    later = aliased(Mail)
    again = exists().where(later.order_id == Mail.order_id, later.kind == Mail.kind, later.id > Mail.id)
    mails = (
        select(func.count())
        .select_from(Mail)
        .where(Mail.state == any_(bindparam("unsent", type_=ARRAY(String()))), ~again)
        .scalar_subquery()
    )
    doubts = select(func.count()).select_from(Payment).where(Payment.doubt.is_not(None)).scalar_subquery()
    return reading(select(mails.label("failed_mails"), doubts.label("doubts")))
