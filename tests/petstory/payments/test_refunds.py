"""Giving money back: whole, in parts, not more than there is, and not twice whatever dies."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from esteio.auth.audit import Audit
from esteio.base.clock import TurnableClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.services.petstory.errors import RefundRefused
from esteio.services.petstory.orders import Actor, locked
from esteio.services.petstory.payments import refunds
from esteio.services.petstory.use_cases.refunding import refund_order
from esteio.standins.mercadopago.running import Market, running_mercadopago
from tests.conftest import House
from tests.house import environment, eventually
from tests.petstory.payments.till import Till, paying
from tests.petstory.shop import Order, Shop
from tests.worker.processes import scheduler, worker

PRICE = Decimal("47.00")


def actor_at(till: Till) -> Actor:
    clock = till.shop.served.app.resources.clock
    return Actor("user:admin", DEFAULT_TENANT, clock, Audit(clock))


def give_back(till: Till, order: Order, amount: str | None = None, reason: str = "asked for") -> None:
    """As the route of administrators does it. Raises `RefundRefused`."""

    async def work() -> None:
        async with transaction(till.shop.served.app.resources.database, DEFAULT_TENANT) as session:
            value = None if amount is None else Decimal(amount)
            await refund_order(session, actor=actor_at(till), order_id=order.id, amount=value, reason=reason)

    till.shop.served.run(work)


def ask(till: Till, order: UUID, amount: Decimal | None) -> int:
    async def work() -> int:
        async with transaction(till.shop.served.app.resources.database, DEFAULT_TENANT) as session:
            held = await locked(session, order)
            return await refunds.ask(session, held, amount=amount, reason="no book", actor=actor_at(till))

    return till.shop.served.run(work)


def test_all_of_it(till: Till) -> None:
    """The whole payment goes back, and the order is refunded; both are noted with who asked."""
    order, number = till.paid()
    give_back(till, order)
    assert till.state(order) == "paid"
    till.work()
    [refund] = till.refunds(order)
    assert (refund["state"], refund["amount"], refund["asked_by"]) == ("done", PRICE, "user:admin")
    assert refund["refund_number"] and refund["done_at"] is not None
    assert till.market.payment(number)["status"] == "refunded"
    assert till.state(order) == "refunded" and till.received(order) == 0
    mails = till.shop.served.sql("SELECT kind FROM petstory_mails WHERE order_id = $1", order.id)
    assert [row["kind"] for row in mails] == ["refunded"]
    noted = till.shop.noted(order.id)
    assert noted[-3:] == ["petstory.refund.asked", "petstory.refund.done", "petstory.order.refunded"]


def test_in_parts(till: Till) -> None:
    """Parts go back to the cent while the order stays as it is; with the last one it is refunded."""
    order, number = till.paid()
    give_back(till, order, "10.10")
    till.work()
    assert till.state(order) == "paid" and till.received(order) == Decimal("36.90")
    assert Decimal(str(till.market.payment(number)["transaction_amount_refunded"])) == Decimal("10.10")
    with pytest.raises(RefundRefused, match=r"At most 36\.90 BRL"):
        give_back(till, order, "36.91")
    give_back(till, order, "36.90")
    till.work()
    assert till.state(order) == "refunded" and till.received(order) == 0


def test_not_more_than_there_is(till: Till) -> None:
    """What is asked for already, and what is gone, is not asked for again; the words say which."""
    order, _ = till.paid()
    with pytest.raises(RefundRefused, match="more than 0"):
        give_back(till, order, "0")
    give_back(till, order)
    with pytest.raises(RefundRefused, match="on its way"):
        give_back(till, order, "1")
    assert ask(till, order.id, None) == 0
    till.work()
    with pytest.raises(RefundRefused, match="has been given back"):
        give_back(till, order)
    with pytest.raises(RefundRefused, match="Nothing was paid"):
        give_back(till, till.checked_out())
    assert len(till.refunds(order)) == 1


def test_too_old(till: Till) -> None:
    """After 180 days nothing can be given back, which is said before anybody is asked."""
    order, number = till.paid()
    old = "UPDATE petstory_payments SET approved_at = approved_at - $2::interval WHERE number = $1"
    till.shop.served.sql(old, str(number), timedelta(days=179))
    assert ask(till, order.id, Decimal(1)) == 1
    till.shop.served.sql(old, str(number), timedelta(days=2))
    with pytest.raises(RefundRefused, match="180 days"):
        give_back(till, order)
    assert ask(till, order.id, None) == 0


def test_from_several_payments(till: Till, clock: TurnableClock) -> None:
    """What several payments brought is given back from the latest first, each its share."""
    order = till.checked_out()
    till.market.manner(members={"transaction_amount": 30})
    first = till.pay(order)
    till.work()
    clock.turn(60)
    till.market.manner(members={"transaction_amount": 20})
    second = till.pay(order)
    till.work()
    assert till.received(order) == 50
    assert ask(till, order.id, Decimal("25.50")) == 2
    shares = {row["number"]: row["amount"] for row in till.refunds(order)}
    assert shares == {str(second): Decimal("20.00"), str(first): Decimal("5.50")}


def test_the_market_says_no(till: Till) -> None:
    """A refund that is declined has failed with its words, is not tried again, and can be asked for anew."""
    order, number = till.paid()
    till.market.ahead(200 * 86_400)
    give_back(till, order)
    till.work()
    [refund] = till.refunds(order)
    assert refund["state"] == "failed" and "too old" in refund["error"]
    assert till.state(order) == "paid" and till.received(order) == PRICE
    assert till.shop.noted(order.id)[-1] == "petstory.refund.failed"
    assert till.market.calls(f"/v1/payments/{number}/refunds") == 2
    till.market.ahead(0)
    give_back(till, order)
    till.work()
    assert till.state(order) == "refunded"


@pytest.mark.parametrize("fault", ["refused", "error_500", "locked", "truncated", "unauthorized", "rate_limited"])
def test_the_market_is_down(till: Till, fault: str) -> None:
    """A refund waits until it can be done, and is done once though its answer was lost."""
    order, number = till.paid()
    give_back(till, order, "7.00")
    till.market.fault(fault)
    till.turn()
    assert till.refunds(order)[0]["state"] == "asked"
    till.market.fault("none")
    till.work()
    assert till.refunds(order)[0]["state"] == "done"
    assert len(till.market.payment(number)["refunds"]) == 1
    assert till.received(order) == Decimal("40.00")


def test_the_key_was_forgotten(till: Till) -> None:
    """Where it was done but is declined when asked again, that it was done is found."""
    order, number = till.paid()
    give_back(till, order)
    till.market.fault("truncated", f"/v1/payments/{number}/refunds")
    till.turn()
    till.market.do(till.market._site.bank.keys.clear)
    till.market.fault("none")
    till.work()
    [refund] = till.refunds(order)
    [given] = till.market.payment(number)["refunds"]
    assert (refund["state"], refund["refund_number"]) == ("done", str(given["id"]))
    assert till.state(order) == "refunded" and till.received(order) == 0


def test_refunded_over_there(till: Till) -> None:
    """What is given back at the market itself is noted like our own."""
    order, number = till.paid()
    till.market.change(number, "refund", 7)
    till.heard()
    till.work()
    assert till.state(order) == "paid" and till.received(order) == 40
    till.market.change(number, "refund")
    till.heard()
    till.work()
    assert till.state(order) == "refunded" and till.received(order) == 0


def test_read_later(till: Till) -> None:
    """A refund that is done stays done although the payment cannot be read then; it is read later."""
    order, number = till.paid()
    give_back(till, order)
    till.market.habits(lost=True)
    till.market.fault("error_500", f"/v1/payments/{number}")
    till.market.fault("none", f"/v1/payments/{number}/refunds")
    till.turn()
    assert till.refunds(order)[0]["state"] == "done" and till.state(order) == "paid"
    till.market.fault("none")
    till.work()
    assert till.state(order) == "refunded"


@pytest.fixture(scope="module")
def slow() -> Iterator[Market]:
    with running_mercadopago() as running:
        yield running


def test_a_worker_that_dies(house: House, slow: Market, new_database: Any, new_redis: Any) -> None:
    """Killed between the call and the commit: the next worker asks with the same key, and the money goes once."""
    database, cache = new_database(), new_redis()
    given = paying(slow, JOBS__POLL="0.2", JOBS__LEASE="3")
    with house(database_url=database, redis_url=cache, **given) as served:
        till = Till(Shop.at(served), slow)
        order, number = till.paid()
        give_back(till, order)
        slow.forget()
        slow.fault("hang", f"/v1/payments/{number}", 60.0)
        slow.fault("none", f"/v1/payments/{number}/refunds")
        whole = environment(database, cache, **given)
        with worker(whole, queues="io", services=None) as running, scheduler(whole, services=None):
            eventually(lambda: slow.calls(f"/v1/payments/{number}") >= 1)
            assert slow.calls(f"/v1/payments/{number}/refunds") == 1
            running.kill()
            slow.fault("none")
            eventually(lambda: till.refunds(order)[0]["state"] == "done", 90.0)
        assert slow.calls(f"/v1/payments/{number}/refunds") == 2
        assert len(slow.payment(number)["refunds"]) == 1
        till.work()
        assert till.state(order) == "refunded" and till.received(order) == 0


def test_given_back_over_there_unheard(till: Till, clock: TurnableClock) -> None:
    """Where a refund fails because the money has gone already, that is what is learnt of it."""
    order, number = till.paid()
    till.market.habits(lost=True)
    till.market.change(number, "refund")
    clock.turn(3600)
    give_back(till, order)
    till.work()
    assert till.refunds(order)[0]["state"] == "failed"
    assert till.state(order) == "refunded" and till.received(order) == 0


def test_a_second_part_that_is_not_told_yet(till: Till) -> None:
    """Where the payment still shows only what went back before, it is read once more."""
    order, number = till.paid()
    give_back(till, order, "10")
    till.work()
    till.market.habits(lost=True)
    till.market.alter(number, transaction_amount_refunded=10)
    give_back(till, order, "5")
    till.turn()
    assert till.refunds(order)[1]["state"] == "done" and till.received(order) == 37
    till.market.alter(number, transaction_amount_refunded=None)
    till.work()
    assert till.received(order) == 32
