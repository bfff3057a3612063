"""What is kept of orders, for how long, and that nothing else goes."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from esteio.auth.audit import Audit
from esteio.base.clock import TurnableClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.jobs.enqueue import enqueue
from esteio.jobs.kinds import JobKind
from esteio.jobs.retention_files import FILE_PURGE, FilePurgeOrder
from esteio.services.petstory.models import Checkout, Customer, Payment, PaymentEvent
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.states import BOOKED, STATES, UNPAID, State
from esteio.services.petstory.tasks import RETAIN, SweepOrder, Swept
from esteio.services.petstory.use_cases.keeping import PORTION, STEPS, Keeper, take_portion
from esteio.worker.assembly import Workshop
from tests.conftest import House
from tests.files.shop import in_shop, run_due
from tests.house import Served
from tests.petstory.conftest import ROOMY, STARTED
from tests.petstory.furnishing import Furnished, furnish
from tests.petstory.shop import Shop, picture

PHOTOS, BOOKS, CUSTOMERS, TRIBUTES = 7.0, 90.0, 365.0, 1825.0
AGES = [0.1, 6.9, 7.1, 89.9, 90.1, 364.9, 365.1, 1824.9, 1825.1]
DAY = 86_400


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(STARTED)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def served(house: House, clock: TurnableClock, files: Path) -> Iterator[Served]:
    with house(clock=clock, FILES__URL=files.as_uri(), **ROOMY) as running:
        yield running


class CutOff(Exception):
    """The end of a run, in the middle of a portion."""


def run_now(served: Served, kind: JobKind[Any], order: Any) -> dict[str, Any]:
    """Run a job as the schedule would; its result."""

    async def run(workshop: Workshop) -> UUID:
        async with transaction(workshop.resources.database, DEFAULT_TENANT) as session:
            job = await enqueue(session, kind, order, tenant=DEFAULT_TENANT, principal="schedule")
        await run_due(workshop)
        return job

    job = in_shop(served, run)
    row = served.sql("SELECT outcome, result, error FROM jobs WHERE id = $1", job)[0]
    assert row["outcome"] == "succeeded", row["error"]
    return dict(row)


def retain(served: Served) -> Swept:
    """Let go what is due, and remove the objects of what went."""
    swept = Swept.model_validate_json(run_now(served, RETAIN, SweepOrder())["result"])
    run_now(served, FILE_PURGE, FilePurgeOrder())
    return swept


def objects(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def things_left(state: State, age: float) -> set[str]:
    """Which things of an order of that age are still there, by what the house promises."""
    left = {"photo", "shown", "art", "preview", "book"}
    if state in UNPAID:
        return left if age < PHOTOS else set()
    if state == "expired":
        return set()
    if state in ("paid", "producing", "production_failed"):
        return left
    if state not in ("produced", "email_failed") or age > PHOTOS:
        left -= {"preview"}
    if age > PHOTOS:
        left -= {"photo", "art"} if state in BOOKED else {"photo", "art", "shown"}
    if age > BOOKS:
        left -= {"book"}
    return left - {"shown"} if age > TRIBUTES else left


def said_of(state: State, age: float) -> dict[str, bool]:
    """Whether words, names and the address are still known."""
    ends = state not in UNPAID and state not in ("paid", "producing", "production_failed")
    forgotten = ends and age > CUSTOMERS
    nameless = forgotten and (state not in BOOKED or age > TRIBUTES)
    return {"words": not forgotten, "pet_name": not nameless, "email": not forgotten, "answer": not forgotten}


def told(served: Served, order: Furnished) -> dict[str, bool]:
    row = served.sql(
        "SELECT o.words, o.pet_name, c.email, m.answer FROM petstory_orders o "
        "JOIN petstory_customers c ON c.id = o.customer_id JOIN petstory_mails m ON m.order_id = o.id "
        "WHERE o.id = $1",
        order.id,
    )[0]
    return {name: bool(value) for name, value in dict(row).items()}


def test_ages_and_states(served: Served, files: Path) -> None:
    """Of every state and age what is due goes, in the database and in the object store, and nothing else does."""
    made = furnish(served, [(state, age) for state in STATES for age in AGES])
    before = objects(files)
    assert len(before) == sum(len(keys) for order in made for keys in order.objects.values())
    assert retain(served).orders > 0
    there = objects(files)
    for order in made:
        for what, keys in order.objects.items():
            expected = set(keys) if what in things_left(order.state, order.age) else set()
            assert set(keys) & there == expected, (order.state, order.age, what)
        assert told(served, order) == said_of(order.state, order.age), (order.state, order.age)
        state = served.sql("SELECT state FROM petstory_orders WHERE id = $1", order.id)[0]["state"]
        late = order.state in UNPAID and order.age > PHOTOS
        assert state == ("expired" if late else order.state)
    assert there <= before
    assert retain(served) == Swept()
    assert objects(files) == there


def test_it_is_told(served: Served) -> None:
    """An order that nobody paid expires with a fact, an entry and a reason; its link still shows that."""
    shop = Shop.at(served)
    order = shop.with_photos(picture(1), picture(2))
    shop.put(order.id, expires_at=STARTED)
    assert retain(served) == Swept(orders=1, files=2)
    shown = order.read()
    assert (shown["state"], shown["reason"], shown["photos"]) == ("expired", "not paid in time", [])
    assert shop.facts(order.id)[-1] == "order.expired" and shop.noted(order.id)[-1] == "petstory.order.expired"


def _checkout(order: UUID, until: Any) -> Checkout:
    return Checkout(
        tenant_id=DEFAULT_TENANT,
        order_id=order,
        idempotency_key=uuid4().hex,
        asked_sha256="0" * 64,
        amount=Decimal("47.00"),
        currency="BRL",
        preference_id="p",
        url="https://pay.example.org/",
        created_at=STARTED,
        expires_at=until,
    )


def _payment(order: UUID, status: str, seen: Any) -> Payment:
    return Payment(
        tenant_id=DEFAULT_TENANT,
        order_id=order,
        number=uuid4().hex,
        status=status,
        amount=Decimal("47.00"),
        refunded=Decimal(0),
        currency="BRL",
        live=False,
        changed_at=seen,
        first_seen_at=seen,
        seen_at=seen,
    )


def write(served: Served, *rows: Any) -> None:
    async def work() -> None:
        async with transaction(served.app.resources.database, DEFAULT_TENANT) as session:
            session.add_all(rows)

    served.run(work)


def states(served: Served, *orders: Furnished) -> list[str]:
    return [served.sql("SELECT state FROM petstory_orders WHERE id = $1", one.id)[0]["state"] for one in orders]


def test_while_it_can_be_paid(served: Served, clock: TurnableClock) -> None:
    """An order waits while its checkout can be paid or its payment is under way, and not longer."""
    payable, pending, rejected = furnish(
        served, [("checkout_created", 8), ("payment_pending", 8), ("payment_rejected", 8)]
    )
    write(
        served,
        _checkout(payable.id, STARTED + timedelta(hours=3)),
        _payment(pending.id, "pending", STARTED),
        _checkout(rejected.id, STARTED - timedelta(minutes=1)),
        _payment(rejected.id, "rejected", STARTED),
    )
    retain(served)
    assert states(served, payable, pending, rejected) == ["checkout_created", "payment_pending", "expired"]
    clock.turn(4 * 3600)
    retain(served)
    assert states(served, payable, pending) == ["expired", "payment_pending"]
    clock.turn(10 * DAY)
    retain(served)
    assert states(served, pending) == ["expired"]


def test_money_stays(served: Served) -> None:
    """Payments and their ledger are kept when all else of an order is gone."""
    (order,) = furnish(served, [("delivered", 4000)])
    paid = _payment(order.id, "approved", STARTED - timedelta(days=4000))
    event = PaymentEvent(
        tenant_id=DEFAULT_TENANT,
        order_id=order.id,
        number=paid.number,
        status="approved",
        delta=Decimal("47.00"),
        currency="BRL",
        source="notification",
        at=STARTED,
    )
    write(served, paid, event)
    retain(served)
    row = served.sql("SELECT * FROM petstory_orders WHERE id = $1", order.id)[0]
    assert (row["pet_name"], row["words"], row["story"], row["breed"], row["book_id"]) == ("", "", None, None, None)
    for table in ("petstory_payments", "petstory_payment_events"):
        assert served.sql(f"SELECT count(*) FROM {table}")[0]["count"] == 1


def test_customers_with_younger_orders(served: Served, clock: TurnableClock) -> None:
    """An address is known as long as one of its orders is; then the same address is somebody new."""
    customer = uuid4()
    row = Customer(id=customer, email="eva@example.org", email_key="eva@example.org", uploads=[], created_at=STARTED)
    row.tenant_id = DEFAULT_TENANT
    write(served, row)
    old, young = furnish(served, [("delivered", 400), ("emailed", 300)], email=str(customer))
    retain(served)
    assert told(served, old) == {"words": False, "pet_name": True, "email": True, "answer": False}
    assert all(told(served, young).values())
    clock.turn(70 * DAY)
    retain(served)
    assert told(served, young) == {"words": False, "pet_name": True, "email": False, "answer": False}
    Shop.at(served).begin(email="eva@example.org")
    assert served.sql("SELECT count(*) FROM petstory_customers")[0]["count"] == 2


def test_another_address(served: Served, clock: TurnableClock) -> None:
    """An address that was changed on its only order is not kept; one that still has an order is."""

    def known() -> set[str]:
        return {row["email"] for row in served.sql("SELECT email FROM petstory_customers")}

    shop = Shop.at(served)
    shop.begin(email="typo@example.org").change(email="eva@example.org")
    retain(served)
    assert known() == {"typo@example.org", "eva@example.org"}
    clock.turn(3601)
    retain(served)
    assert known() == {"eva@example.org"}


def test_cut_off(served: Served, files: Path) -> None:
    """What a run did before it was cut off is done whole, the rest is not begun, and the next run ends it."""
    made = furnish(served, [("preview_ready", 8.0)] * (PORTION + 5))
    before = objects(files)

    async def cut_off() -> None:
        resources = served.app.resources
        actor = Actor("job:petstory.retain", DEFAULT_TENANT, resources.clock, Audit(resources.clock))
        keeper = Keeper(actor, served.app.settings.services["petstory"])
        async with transaction(resources.database, DEFAULT_TENANT) as session:
            assert (await take_portion(session, STEPS[0], keeper))[0] == PORTION
        async with transaction(resources.database, DEFAULT_TENANT) as session:
            await take_portion(session, STEPS[0], keeper)
            await session.flush()
            raise CutOff

    with pytest.raises(CutOff):
        served.run(cut_off)
    found = states(served, *made)
    assert found.count("expired") == PORTION
    run_now(served, FILE_PURGE, FilePurgeOrder())
    there = objects(files)
    for order, state in zip(made, found, strict=True):
        keys = {key for some in order.objects.values() for key in some}
        assert keys & there == (set() if state == "expired" else keys)
    assert there < before
    assert retain(served).orders == 5
    assert objects(files) == set()


def test_several_at_once(served: Served, files: Path) -> None:
    """Runs at the same time share the orders: each expires once."""
    made = furnish(served, [("photos_uploaded", 8.0)] * 50)

    def run(_: int) -> None:
        asyncio.run(_retain_in(served))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(run, range(3)))
    retain(served)
    assert set(states(served, *made)) == {"expired"}
    counts = served.sql("SELECT subject, count(*) FROM outbox WHERE name = 'order.expired' GROUP BY subject")
    assert len(counts) == 50 and {row["count"] for row in counts} == {1}
    assert objects(files) == set()


async def _retain_in(served: Served) -> None:
    from tests.files.shop import opened_shop

    async with opened_shop(served) as workshop:
        resources = workshop.resources
        actor = Actor("job:petstory.retain", DEFAULT_TENANT, resources.clock, Audit(resources.clock))
        keeper = Keeper(actor, workshop.settings.services["petstory"])
        found = PORTION
        while found:
            async with transaction(resources.database, DEFAULT_TENANT, budget=20) as session:
                found, _ = await take_portion(session, STEPS[0], keeper)
