"""Orders in any state and of any age with all that belongs to them, written past the rules, with real objects."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.ids import new_id
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.files.records import keep, new_key, reference
from esteio.resources import Resources
from esteio.services.petstory.models import Art, Customer, Mail, Order, Photo
from esteio.services.petstory.states import BOOKED, State
from tests.house import Served

LONG = 36_500
GIVEN_BACK = ("refunded", "charged_back")


@dataclass
class Furnished:
    """An order and where the objects of its things lie, by what they are."""

    id: UUID
    customer: UUID
    state: State
    age: float
    objects: dict[str, list[str]] = field(default_factory=dict)


def furnish(
    served: Served, wanted: Sequence[tuple[State, float]], *, email: str | None = None, **values: Any
) -> list[Furnished]:
    """For each state and age in days an order with two photos in two styles; `values` are further columns of it."""

    async def write() -> list[Furnished]:
        return [await _one(served.app.resources, state, age, email, values) for state, age in wanted]

    return served.run(write)


async def _one(resources: Resources, state: State, age: float, email: str | None, values: dict[str, Any]) -> Furnished:
    now = resources.clock.now()
    then = now - timedelta(days=age)
    made = Furnished(new_id(), new_id(), state, age)
    async with transaction(resources.database, DEFAULT_TENANT, budget=30) as session:
        if email is None:
            session.add(_customer(made.customer, f"{made.id}@example.org", then))
            await session.flush()
        else:
            made.customer = UUID(email)
        files = _Files(resources, session, made, then)
        booked = state in BOOKED or state in GIVEN_BACK
        book = await files.add("book") if booked else None
        session.add(_order(made, then, book, booked, values))
        await session.flush()
        await _pictures(files, session, made, then, drawn=state not in ("draft", "photos_uploaded"))
        session.add(_mail(made, then))
    return made


def _customer(customer: UUID, email: str, then: datetime) -> Customer:
    return Customer(
        id=customer, tenant_id=DEFAULT_TENANT, email=email, email_key=email, uploads=[then], created_at=then
    )


def _mail(made: Furnished, then: datetime) -> Mail:
    answer = f"550 5.1.1 <{made.id}@example.org> unknown"
    return Mail(
        tenant_id=DEFAULT_TENANT, order_id=made.id, kind="book", state="refused", answer=answer, created_at=then
    )


def _order(made: Furnished, then: datetime, book: UUID | None, booked: bool, values: dict[str, Any]) -> Order:
    mailed = made.state in ("emailed", "delivered", *GIVEN_BACK)
    members: dict[str, Any] = {
        "id": made.id,
        "tenant_id": DEFAULT_TENANT,
        "customer_id": made.customer,
        "state": made.state,
        "pet_name": "Rex",
        "species": "dog",
        "breed": "Boxer",
        "words": "He loves the sea.",
        "language": "en",
        "styles": ["line", "cartoon"],
        "price": Decimal("47.00"),
        "currency": "BRL",
        "received": Decimal(0),
        "story": {"title": "Rex"} if booked else None,
        "book_id": book,
        "version": 1,
        "created_at": then,
        "updated_at": then,
        "expires_at": then + timedelta(days=7),
        "paid_at": then if booked or made.state in ("paid", "producing", "production_failed") else None,
        "produced_at": then if booked else None,
        "emailed_at": then if mailed else None,
        "delivered_at": then if made.state == "delivered" else None,
        "ended_at": then if made.state in ("expired", *GIVEN_BACK) else None,
    }
    return Order(**{**members, **values})


async def _pictures(files: "_Files", session: AsyncSession, made: Furnished, then: datetime, *, drawn: bool) -> None:
    photos = [await _photo(files, made, position, then) for position in (1, 2)]
    session.add_all(photos)
    await session.flush()
    for photo in photos if drawn else ():
        for style in ("line", "cartoon"):
            session.add(await _art(files, made, photo, style, then))


async def _photo(files: "_Files", made: Furnished, position: int, then: datetime) -> Photo:
    return Photo(
        id=new_id(),
        tenant_id=DEFAULT_TENANT,
        order_id=made.id,
        position=position,
        file_id=await files.add("photo"),
        sha256=uuid4().hex * 2,
        width=1,
        height=1,
        size=1,
        source="jpeg",
        created_at=then,
    )


async def _art(files: "_Files", made: Furnished, photo: Photo, style: str, then: datetime) -> Art:
    return Art(
        tenant_id=DEFAULT_TENANT,
        order_id=made.id,
        photo_id=photo.id,
        style=style,
        stage="production",
        state="drawn",
        photo_sha256=photo.sha256,
        file_id=await files.add("shown" if photo.position == 1 else "art"),
        preview_file_id=await files.add("preview") if photo.position == 1 else None,
        created_at=then,
    )


@dataclass
class _Files:
    """Keeps small files for an order, and notes where."""

    resources: Resources
    session: AsyncSession
    made: Furnished
    then: datetime

    async def add(self, what: str) -> UUID:
        async with self.resources.files.store.writing(new_key(DEFAULT_TENANT)) as upload:
            await upload.write(what.encode())
        written = upload.written()
        file = reference(written, name=f"{what}.jpg", media_type="image/jpeg", now=self.then, days=LONG)
        keep(self.session, file, written, tenant=DEFAULT_TENANT, principal="test", now=self.then)
        self.made.objects.setdefault(what, []).append(written.key)
        return file.file_id
