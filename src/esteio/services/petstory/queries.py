"""Reads of orders: everything that a customer is shown of one, in one statement."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.errors import NotFound
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.database import Database
from esteio.db.reading import Reading, reading
from esteio.files.errors import FileGone
from esteio.files.records import FoundFile, find
from esteio.files.tables import StoredFile
from esteio.services.petstory.links import Link
from esteio.services.petstory.models import Art, Checkout, Customer, Order, Photo
from esteio.services.petstory.schemas import OrderView
from esteio.services.petstory.states import BOOKED, PAID, UNPAID

ENDED = ("refunded", "charged_back")
Row = dict[str, Any]
Query = Select[*tuple[Any, ...]]

_ORDER = (
    *(name for name in OrderView.model_fields if hasattr(Order, name)),
    "link",
    "tribute_link",
    "photos_purged_at",
)
_PHOTO = (Photo.id, Photo.position, Photo.width, Photo.height, Photo.size, Photo.source, Photo.created_at)
_ART = (Art.id, Art.photo_id, Art.style, Art.stage, Art.state, Art.reason, Art.preview_file_id, Art.file_id)


async def order_of(database: Database, link: Link) -> Row:
    """The order of a customer's link, as `views.order_view` takes it. Raises `NotFound`, also for a revoked link."""
    rows = await database.read(DEFAULT_TENANT, _one_order(), *_arguments(_one_order(), link))
    if not rows:
        raise NotFound
    return dict(rows[0])


async def order_now(session: AsyncSession, order_id: UUID) -> Row:
    """The same as the running transaction sees it."""
    await session.flush()
    found = await session.execute(_shown().where(Order.id == order_id))
    return dict(found.mappings().one())


async def intake_of(database: Database, link: Link) -> Row:
    """What says whether the order takes photos: `state`, `wanted`, number of `photos`, and its customer's `uploads`."""
    rows = await database.read(DEFAULT_TENANT, _intake(), *_arguments(_intake(), link))
    if not rows:
        raise NotFound
    return dict(rows[0])


async def unpaid_bytes(database: Database) -> int:
    """Bytes of the photos of all orders that nobody has paid yet."""
    rows = await database.read(DEFAULT_TENANT, _unpaid())
    return int(rows[0]["bytes"] or 0)


async def photo_file(database: Database, link: Link, photo: UUID) -> FoundFile:
    """The file of a photo of the order. Raises `NotFound`, also for one of another order."""
    return await _file(database, (await _found(database, _one_photo(), link, photo))["file_id"])


async def preview_file(database: Database, link: Link, art: UUID) -> FoundFile:
    """The file of a watermarked picture of the order. Raises `NotFound`, also while it is not drawn."""
    return await _file(database, (await _found(database, _one_art(), link, art))["preview_file_id"])


async def art_file(database: Database, link: Link, art: UUID) -> FoundFile:
    """The file of a whole picture of an order that is paid. Raises `NotFound`, also before."""
    found = await _found(database, _one_art(), link, art)
    if found["state"] not in PAID:
        raise NotFound
    return await _file(database, found["file_id"])


async def book_file(database: Database, link: Link, now: datetime) -> FoundFile:
    """The book of the order. Raises `NotFound` before there is one, and `FileGone` once there is none any more."""
    rows = await database.read(DEFAULT_TENANT, _one_book(), *_arguments(_one_book(), link))
    if not rows:
        raise NotFound
    return await kept_book(database, DEFAULT_TENANT, dict(rows[0]), now)


async def kept_book(database: Database, tenant: UUID, row: Row, now: datetime) -> FoundFile:
    """The same of an order of which `state`, `produced_at` and `book_id` are known."""
    if row["state"] not in BOOKED and (row["state"] not in ENDED or row["produced_at"] is None):
        raise NotFound
    if row["state"] not in BOOKED:
        raise FileGone("The money of this order was given back: its book is not kept for the customer.")
    if row["book_id"] is None:
        raise FileGone("The book was kept for as long as promised, and is removed.")
    file = await find(database, tenant, row["book_id"])
    if file.deleted_at is not None or file.expires_at <= now:
        raise FileGone
    return file


async def _found(database: Database, shape: Reading, link: Link, thing: UUID) -> Row:
    rows = await database.read(DEFAULT_TENANT, shape, *_arguments(shape, link, thing))
    if not rows:
        raise NotFound
    return dict(rows[0])


async def _file(database: Database, file_id: UUID | None) -> FoundFile:
    if file_id is None:
        raise NotFound
    file = await find(database, DEFAULT_TENANT, file_id)
    if file.deleted_at is not None:
        raise NotFound
    return file


def _arguments(shape: Reading, link: Link, thing: UUID | None = None) -> tuple[Any, ...]:
    return shape.arguments({"order_id": link.order, "number": link.number, "thing": thing})


@cache
def _one_order() -> Reading:
    return reading(_by_link(_shown()))


@cache
def _intake() -> Reading:
    photos = select(func.count()).select_from(Photo).where(Photo.order_id == Order.id).correlate(Order)
    columns = (Order.state, Order.wanted, photos.scalar_subquery().label("photos"), Customer.uploads)
    return reading(_by_link(select(*columns).join(Customer, Customer.id == Order.customer_id)))


@cache
def _unpaid() -> Reading:
    size = func.sum(Photo.size).label("bytes")
    states = ", ".join(f"'{state}'" for state in sorted(UNPAID))
    unpaid: ColumnElement[bool] = literal_column(f"petstory_orders.state IN ({states})")
    return reading(select(size).join(Order, Order.id == Photo.order_id).where(unpaid))


@cache
def _one_book() -> Reading:
    return reading(_by_link(select(Order.state, Order.produced_at, Order.book_id)))


@cache
def _one_photo() -> Reading:
    photos = select(Photo.file_id).join(Order, Order.id == Photo.order_id)
    return reading(_by_link(photos).where(Photo.id == bindparam("thing", type_=Uuid())))


@cache
def _one_art() -> Reading:
    arts = select(Art.file_id, Art.preview_file_id, Order.state).join(Order, Order.id == Art.order_id)
    return reading(_by_link(arts).where(Art.id == bindparam("thing", type_=Uuid())))


def _by_link(query: Query) -> Query:
    return query.where(
        Order.id == bindparam("order_id", type_=Uuid()), Order.link == bindparam("number", type_=Integer())
    )


def _shown() -> Query:
    """An order with what belongs to it. The lists are texts of JSON, so that every driver gives the same."""
    book = StoredFile
    return (
        select(
            *(getattr(Order, name) for name in _ORDER),
            Customer.email,
            _listed(select(*_PHOTO).where(Photo.order_id == Order.id).order_by(Photo.position)).label("photos"),
            _listed(select(*_ART).where(Art.order_id == Order.id).order_by(Art.created_at, Art.id)).label("arts"),
            _listed(_checkouts()).label("checkouts"),
            book.size.label("book_bytes"),
            book.expires_at.label("book_expires_at"),
        )
        .join(Customer, Customer.id == Order.customer_id)
        .outerjoin(book, (book.id == Order.book_id) & book.deleted_at.is_(None))
    )


def _checkouts() -> Query:
    """The one that was made last."""
    columns = (Checkout.url, cast(Checkout.amount, Text).label("amount"), Checkout.currency, Checkout.expires_at)
    made = select(*columns).where(Checkout.order_id == Order.id, Checkout.url.is_not(None))
    return made.order_by(Checkout.created_at.desc(), Checkout.id.desc()).fetch(literal_column("1"))


def _listed(rows: Query) -> ScalarSelect[Any]:
    """The rows as a JSON array; NULL for none."""
    within = rows.correlate(Order).subquery("listed")
    return cast(select(func.json_agg(literal_column("listed"))).select_from(within).scalar_subquery(), Text)  # type: ignore[return-value]
