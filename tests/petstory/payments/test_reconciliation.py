"""Payments that nobody told of: found by asking, ever more seldom, within bounds, and only where it makes sense."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from pydantic import SecretStr

from esteio.base.clock import TurnableClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.jobs.enqueue import enqueue
from esteio.services.petstory.jobs.reconcile import PORTION
from esteio.services.petstory.payments.waiting import LONGEST, SHORTEST, next_look, pause, pending
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.tasks import NOTIFIED, RECONCILE, SweepOrder
from tests.petstory.payments.till import Till
from tests.petstory.shop import Order

SEARCH = "/v1/payments/search"


@pytest.fixture
def silent(till: Till) -> Till:
    """A market whose notifications are lost, and orders of other tests that nobody asks after."""
    till.shop.served.sql("UPDATE petstory_checkouts SET look_at = NULL")
    till.shop.served.sql(
        "UPDATE petstory_payments SET status = 'cancelled' WHERE status NOT IN ('approved', 'refunded')"
    )
    till.market.habits(lost=True)
    return till


def reconcile(till: Till) -> None:
    """As the schedule has it done."""

    async def work() -> None:
        async with transaction(till.shop.served.app.resources.database, DEFAULT_TENANT) as session:
            await enqueue(session, RECONCILE, SweepOrder(), tenant=DEFAULT_TENANT, principal="schedule")

    till.shop.served.run(work)
    till.work()


def look_at(till: Till, order: Order) -> datetime | None:
    rows = till.shop.served.sql("SELECT look_at FROM petstory_checkouts WHERE order_id = $1", order.id)
    found: datetime | None = rows[0]["look_at"]
    return found


def searches(till: Till) -> int:
    return till.market.calls(SEARCH)


def later(clock: TurnableClock, **span: float) -> None:
    clock.turn(timedelta(**span).total_seconds())


@pytest.mark.parametrize("outcome", ["approved", "approved_pix"])
def test_a_payment_that_nobody_told_of(silent: Till, clock: TurnableClock, outcome: str) -> None:
    """It is found, read like any other, and its order paid, once."""
    order = silent.checked_out()
    number = silent.pay(order, outcome)
    reconcile(silent)
    assert silent.state(order) == "checkout_created" and searches(silent) == 0
    later(clock, minutes=5)
    reconcile(silent)
    assert silent.state(order) == "paid" and silent.received(order) == 47
    source = silent.shop.served.sql("SELECT source FROM petstory_payment_events WHERE number = $1", str(number))
    assert [row["source"] for row in source] == ["reconciliation"]
    later(clock, hours=8)
    reconcile(silent)
    reconcile(silent)
    assert searches(silent) == 1 and look_at(silent, order) is None


def test_of_an_order_that_expired(silent: Till, clock: TurnableClock) -> None:
    """Money that came just before the order expired is found too."""
    order = silent.checked_out()
    silent.pay(order)
    order.put("expired")
    later(clock, minutes=5)
    reconcile(silent)
    assert silent.state(order) == "paid"


def test_a_payment_under_way(silent: Till, clock: TurnableClock) -> None:
    """A pending one is read again until something came of it."""
    order = silent.checked_out()
    number = silent.pay(order, "pending_pix")
    later(clock, minutes=5)
    reconcile(silent)
    assert silent.state(order) == "payment_pending"
    silent.market.change(number, "approve")
    later(clock, minutes=10)
    reconcile(silent)
    assert silent.state(order) == "paid"


def test_ever_more_seldom(silent: Till, clock: TurnableClock) -> None:
    """The pauses grow from minutes to hours, and end with the days that the settings say."""
    order = silent.checked_out()
    began = clock.now()
    asked = []
    while (when := look_at(silent, order)) is not None:
        assert len(asked) < 100
        clock.turn(max((when - clock.now()).total_seconds() + 1, 1))
        before = searches(silent)
        reconcile(silent)
        asked += [clock.now() - began] if searches(silent) > before else []
    pauses = [then - before for before, then in pairwise(asked)]
    assert asked[0] < timedelta(minutes=6) and pauses[0] < timedelta(minutes=6)
    assert all(then >= before - timedelta(seconds=2) for before, then in pairwise(pauses))
    assert timedelta(hours=5) < pauses[-1] <= LONGEST + timedelta(seconds=5)
    assert timedelta(days=9) < asked[-1] <= timedelta(days=10)
    assert len(asked) < 80


def test_in_portions(silent: Till, clock: TurnableClock) -> None:
    """A run asks after so many; the next goes on with the others, the longest waiting first."""
    for _ in range(PORTION + 2):
        assert silent.ask(silent.ready()).status_code == 201
    later(clock, minutes=5)
    for done in (PORTION, PORTION + 2, PORTION + 2):
        reconcile(silent)
        assert searches(silent) == done


@pytest.mark.parametrize("fault", ["rate_limited", "refused", "unauthorized"])
def test_left_alone(silent: Till, clock: TurnableClock, fault: str) -> None:
    """Where the market wants to be left alone the run ends, with what it did; the rest is asked for the next time."""
    orders = [silent.checked_out() for _ in range(3)]
    for order in orders:
        silent.pay(order)
    later(clock, minutes=5)
    silent.market.fault(fault, None if fault == "refused" else SEARCH)
    silent.market.forget()
    reconcile(silent)
    assert searches(silent) <= 2
    assert all(look_at(silent, order) is not None for order in orders)
    silent.market.fault("none")
    later(clock, seconds=20)
    reconcile(silent)
    assert [silent.state(order) for order in orders] == ["paid"] * 3


def test_a_search_of_many_pages(silent: Till, clock: TurnableClock) -> None:
    """However often a customer has tried, every payment of the order is found."""
    order = silent.checked_out()
    silent.pay(order)
    for _ in range(60):
        silent.market.pay(silent.preference(order), "rejected")
    later(clock, minutes=5)
    silent.market.forget()
    reconcile(silent)
    assert silent.state(order) == "paid" and searches(silent) == 2
    rows = silent.shop.served.sql("SELECT count(*) FROM petstory_payments WHERE order_id = $1", order.id)
    assert rows[0][0] == 61


def test_a_refund_that_lost_its_job(silent: Till, clock: TurnableClock) -> None:
    """A refund that nobody does any more is taken up again, and done once."""
    order = silent.checked_out()
    number = silent.pay(order)
    later(clock, minutes=5)
    reconcile(silent)
    silent.shop.served.sql(
        "INSERT INTO petstory_refunds (id, order_id, number, amount, idempotency_key, state, reason, asked_by, "
        "created_at, tenant_id) VALUES (gen_random_uuid(), $1, $2, 7, 'a-key', 'asked', '', 'test', $3, $4)",
        order.id,
        str(number),
        clock.now(),
        DEFAULT_TENANT,
    )
    reconcile(silent)
    assert silent.refunds(order)[0]["state"] == "asked"
    later(clock, hours=2)
    reconcile(silent)
    assert silent.refunds(order)[0]["state"] == "done"
    assert len(silent.market.payment(number)["refunds"]) == 1


def test_pauses() -> None:
    """A sixth of the age, not under minutes and not over hours."""
    section = PetstorySettings()
    began = datetime(2026, 11, 1, tzinfo=UTC)
    assert pause(timedelta(0)) == SHORTEST and pause(timedelta(days=9)) == LONGEST
    assert pause(timedelta(hours=6)) == timedelta(hours=1)
    assert next_look(began, began + timedelta(days=10), section) is None


def test_one_that_cannot_be_asked_after(silent: Till, clock: TurnableClock) -> None:
    """An order for which the market has no proper answer does not keep the others waiting for ever."""
    broken = silent.checked_out()
    silent.market.alter(silent.pay(broken), status="x" * 31)
    later(clock, seconds=30)
    others = [silent.checked_out() for _ in range(2)]
    for order in others:
        silent.pay(order)
    for _ in range(2):
        later(clock, minutes=5)
        reconcile(silent)
    assert [silent.state(order) for order in others] == ["paid"] * 2
    assert look_at(silent, broken) is not None


def _under_way(silent: Till, order: Order, first: int, number: int, **ages: timedelta) -> None:
    """So many payments that wait; `seen` and `begun` so long ago."""
    now = silent.shop.served.app.resources.clock.now()
    silent.shop.served.sql(
        "INSERT INTO petstory_payments (id, tenant_id, order_id, number, status, amount, refunded, currency, live, "
        "changed_at, first_seen_at, seen_at) SELECT gen_random_uuid(), $1, $2, i::text, 'pending', 47, 0, 'BRL', "
        "false, $3, $3, $4 FROM generate_series($5::int, $5 + $6::int - 1) i",
        DEFAULT_TENANT,
        order.id,
        now - ages["begun"],
        now - ages["seen"],
        first,
        number,
    )


def due_payments(silent: Till, most: int = PORTION) -> list[str]:
    house = silent.shop.served.app

    async def work() -> list[str]:
        async with transaction(house.resources.database, DEFAULT_TENANT) as session:
            section = house.settings.services["petstory"]
            return await pending(session, house.resources.clock.now(), section, most)

    return silent.shop.served.run(work)


def test_those_that_are_not_due_hold_nobody_up(silent: Till) -> None:
    """However many payments wait for days, one that began just now is read within minutes."""
    order = silent.checked_out()
    _under_way(silent, order, 700_000, 300, begun=timedelta(days=5), seen=timedelta(hours=5))
    _under_way(silent, order, 800_000, 1, begun=timedelta(minutes=10), seen=timedelta(minutes=5))
    assert due_payments(silent) == ["800000"]
    silent.shop.served.sql("UPDATE petstory_payments SET status = 'cancelled' WHERE number::bigint BETWEEN 7e5 AND 8e5")


def test_those_that_cannot_be_read_take_turns(silent: Till) -> None:
    """Payments that nobody shows us any more do not keep the others from being read."""
    order = silent.checked_out()
    _under_way(silent, order, 600_000, 5, begun=timedelta(days=1), seen=timedelta(days=1))
    _under_way(silent, order, 650_000, 1, begun=timedelta(days=1), seen=timedelta(hours=10))
    asked = [due_payments(silent, 3), due_payments(silent, 3)]
    assert "650000" not in asked[0] and "650000" in asked[1]
    silent.shop.served.sql("UPDATE petstory_payments SET status = 'cancelled' WHERE number::bigint BETWEEN 6e5 AND 7e5")


def test_a_dispute_is_looked_after(silent: Till) -> None:
    """A payment that was disputed weeks after it was paid is read again too."""
    order = silent.checked_out()
    _under_way(silent, order, 660_000, 1, begun=timedelta(days=30), seen=timedelta(hours=10))
    assert due_payments(silent) == []
    now = silent.shop.served.app.resources.clock.now()
    silent.shop.served.sql(
        "UPDATE petstory_payments SET status = 'in_mediation', changed_at = $1 WHERE number = '660000'",
        now - timedelta(days=1),
    )
    assert due_payments(silent) == ["660000"]
    silent.shop.served.sql("UPDATE petstory_payments SET status = 'approved' WHERE number = '660000'")


def test_asked_after_for_longer_than_it_can_be_paid() -> None:
    """Settings under which a payment could come when nobody asks any more are refused."""
    with pytest.raises(ValueError, match="reconcile_days"):
        PetstorySettings(reconcile_days=1, checkout_hours=24)
    assert PetstorySettings(reconcile_days=2, checkout_hours=24)


@pytest.mark.parametrize("secret", ["", " ", ",", " , "])
def test_no_secret_no_start(secret: str) -> None:
    """A house that is paid and cannot tell who tells it of payments is refused."""
    with pytest.raises(ValueError, match="mercadopago_webhook_secret"):
        PetstorySettings(mercadopago_access_token=SecretStr("T"), mercadopago_webhook_secret=SecretStr(secret))


def test_what_was_heard_is_read_for_days() -> None:
    """A notification that was taken in is not given up during an outage of days: nobody sends it again."""
    rests = [NOTIFIED.retry.rest(tried) or 0.0 for tried in range(1, NOTIFIED.retry.most)]
    assert sum(rests) > timedelta(days=2.5).total_seconds()
    assert max(rests) <= 1.1 * 3600
