"""Notifications of payments over HTTP: what is taken, what is refused, and what of all that moves an order."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import uuid4

import httpx
import pytest

from esteio.standins.mercadopago.running import SECRET, Market, running_mercadopago
from tests.conftest import House
from tests.contract.problems import problem
from tests.petstory.payments.test_payments_signature import signed
from tests.petstory.payments.till import HOOK, OLDER, Till, paying, well
from tests.petstory.shop import Order, Shop

PRICE = Decimal("47.00")


def tell(
    till: Till,
    number: object,
    *,
    secret: str = SECRET,
    kind: str = "payment",
    timestamp: str = "1704908010",
    **more: str,
) -> httpx.Response:
    """A notification of our own, as the market would send it."""
    request = f"r-{uuid4().hex}"
    digest = signed(f"id:{number};request-id:{request};ts:{timestamp};", secret)
    headers = {"x-signature": f"ts={timestamp},v1={digest}", "x-request-id": request, **more}
    body = {"action": f"{kind}.updated", "type": kind, "data": {"id": str(number)}}
    return till.shop.client.post(HOOK, params={"data.id": str(number), "type": kind}, json=body, headers=headers)


def once_paid(till: Till, order: Order) -> bool:
    """Whether the order became paid exactly once, and its book is asked for once."""
    made = till.jobs("petstory.produce", order.id)
    facts = till.shop.facts(order.id)
    return facts.count("order.paid") == 1 and len(made) == 1 and till.received(order) == PRICE


@pytest.mark.parametrize(
    "habits", [{}, {"seconds": True}, {"upper": True}, {"stale": 10 * 86_400}, {"drop": ["x-request-id"]}]
)
def test_paid(till: Till, habits: dict[str, object]) -> None:
    """Signed in milliseconds or seconds, in capitals, days ago, or without a request's id: the payment is read."""
    order = till.checked_out()
    till.market.habits(**habits)
    number = till.pay(order)
    assert [one["state"] for one in till.market.deliveries()] == ["delivered"]
    assert till.state(order) == "checkout_created"
    till.work()
    assert till.state(order) == "paid" and once_paid(till, order)
    row = till.payment(number)
    assert (row["status"], row["amount"], row["doubt"], row["live"]) == ("approved", PRICE, None, False)
    assert till.shop.row(order.id)["paid_at"] is not None
    assert till.shop.noted(order.id)[-1] == "petstory.order.paid"


def test_the_secret_before(till: Till) -> None:
    """While it is rotated both secrets are good."""
    order = till.checked_out()
    till.market.habits(hold=True)
    number = till.pay(order)
    assert tell(till, number, secret=OLDER).status_code == 200
    till.work()
    assert till.state(order) == "paid"


@pytest.mark.parametrize(
    "habits", [{"wrong_secret": True}, {"drop": ["x-signature"]}, {"drop": ["ts"]}, {"drop": ["v1"]}]
)
def test_not_proved(till: Till, habits: dict[str, object]) -> None:
    """A wrong secret, or a proof that is not whole: 401, nothing kept, nothing read."""
    order = till.checked_out()
    till.market.habits(hold=True, **habits)
    number = till.pay(order)
    till.market.release()
    assert till.market.deliveries()[0]["tries"][0]["status"] == 401
    assert till.receipts(number) == 0


@pytest.mark.parametrize(
    "signature",
    [b"ts=1,v1=\xe9\xe9", b"\xff\xfe\x00"[:2], b"ts=1,v1=" + "é".encode() * 32, b"ts=\xd9\xa1,v1=" + b"0" * 64],
)
def test_bytes_that_are_no_text(till: Till, signature: bytes) -> None:
    """A signature of any bytes is a plain refusal."""
    headers = {b"x-signature": signature, b"x-request-id": b"r"}
    problem(till.shop.client.post(f"{HOOK}?data.id=1&type=payment", headers=headers), 401, "INVALID_SIGNATURE")


def test_resources_that_come_twice(till: Till) -> None:
    """An address that names two resources proves neither."""
    order = till.checked_out()
    till.market.habits(hold=True)
    number = till.pay(order)
    digest = signed(f"id:{number};request-id:r;ts:1;", SECRET)
    headers = {"x-signature": f"ts=1,v1={digest}", "x-request-id": "r"}
    problem(till.shop.client.post(f"{HOOK}?data.id={number}&data.id=1", headers=headers), 401, "INVALID_SIGNATURE")
    assert till.shop.client.post(f"{HOOK}?data.id={number}&type=payment", headers=headers).status_code == 200


def test_in_time(till: Till) -> None:
    """It is answered without waiting for anybody: the market may hang meanwhile."""
    order = till.checked_out()
    till.market.habits(hold=True)
    number = till.pay(order)
    till.market.fault("hang")
    began = time.monotonic()
    assert tell(till, number).status_code == 200
    assert time.monotonic() - began < 3.0
    till.market.fault("none")
    till.work()
    assert till.state(order) == "paid"


def test_duplicates(till: Till) -> None:
    """The same notification three times, and others of the same payment: one transition, one book, the money once."""
    order = till.checked_out()
    till.market.habits(copies=3)
    number = till.pay(order)
    till.market.notify(number)
    till.market.notify(number)
    till.work()
    till.market.notify(number)
    till.work()
    assert once_paid(till, order)


def test_a_replay_is_one_message(till: Till) -> None:
    """The very bytes once more are answered the same and kept once."""
    order = till.checked_out()
    till.market.habits(hold=True)
    number = till.pay(order)
    digest = signed(f"id:{number};request-id:r-9;ts:1704908010;", SECRET)
    headers = {"x-signature": f"ts=1704908010,v1={digest}", "x-request-id": "r-9"}
    send = lambda _: till.shop.client.post(f"{HOOK}?data.id={number}&type=payment", headers=headers).status_code  # noqa: E731
    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(send, range(20))) == {200}
    assert till.receipts(number) == 1
    till.work()
    assert once_paid(till, order)


def test_two_at_once_make_one_transition(till: Till) -> None:
    """Jobs of ten notifications that run together move the order once."""
    order = till.checked_out()
    till.market.habits(hold=True)
    number = till.pay(order)
    for _ in range(10):
        assert tell(till, number).status_code == 200
    assert till.turn() == 10
    assert till.state(order) == "paid" and once_paid(till, order)
    events = till.shop.served.sql("SELECT count(*) FROM petstory_payment_events WHERE order_id = $1", order.id)
    assert events[0][0] == 1


@pytest.mark.parametrize("turned", [False, True])
def test_any_order(till: Till, turned: bool) -> None:
    """Created, approved, refunded: whichever is told first, the end is the same."""
    order = till.checked_out()
    till.market.habits(hold=True)
    number = till.pay(order, "pending_pix")
    till.market.change(number, "approve")
    till.market.change(number, "refund")
    till.market.release(turned)
    till.work()
    assert till.state(order) == "refunded" and till.received(order) == 0
    assert till.jobs("petstory.produce", order.id) == []


def test_twins_of_the_old_kind(till: Till) -> None:
    """Unsigned notifications of the old kind are answered well and do nothing; the signed one does."""
    order = till.checked_out()
    till.market.habits(ipn=True)
    number = till.pay(order)
    assert [one["state"] for one in till.market.deliveries()] == ["delivered"] * 2
    assert till.receipts(number) == 1
    till.work()
    assert once_paid(till, order)
    before = till.shop.served.sql("SELECT count(*) FROM jobs")[0][0]
    assert till.shop.client.post(HOOK, params={"topic": "payment", "id": "1"}).status_code == 200
    assert till.shop.client.post(HOOK, params={"topic": "merchant_order", "id": "1"}).status_code == 200
    assert till.shop.served.sql("SELECT count(*) FROM jobs")[0][0] == before


def test_other_types(till: Till) -> None:
    """What is not about payments is kept, and nothing is done."""
    till.market.forget()
    assert tell(till, "ORD-7", kind="order").status_code == 200
    assert till.shop.served.sql("SELECT count(*) FROM webhook_receipts WHERE sender_id LIKE 'order:ORD-7:%'")[0][0] == 1
    till.work()
    assert till.market.calls() == 0


def test_a_pending_payment(till: Till) -> None:
    """A Pix that waits is pending, then paid; the order says so."""
    order = till.checked_out()
    number = till.pay(order, "pending_pix")
    till.work()
    assert till.state(order) == "payment_pending" and till.received(order) == 0
    till.market.change(number, "approve")
    till.heard()
    till.work()
    assert till.state(order) == "paid" and once_paid(till, order)


def test_pending_is_what_it_says_first(till: Till) -> None:
    """A payment that is approved but still shown as pending is pending until it is read again."""
    order = till.checked_out()
    till.market.manner(pending=1)
    number = till.pay(order)
    till.work()
    assert till.state(order) == "payment_pending"
    till.market.notify(number)
    till.work()
    assert till.state(order) == "paid" and once_paid(till, order)


def test_an_older_reading_changes_nothing(till: Till) -> None:
    """What was true before is not true again because somebody says so later."""
    order, number = till.paid()
    till.market.alter(number, status="pending", date_approved=None, date_last_updated="2026-01-01T00:00:00.000-04:00")
    till.market.notify(number)
    till.work()
    assert till.state(order) == "paid" and till.received(order) == PRICE
    assert till.payment(number)["status"] == "approved"


def test_unknown_numbers(till: Till) -> None:
    """A number that nobody knows is asked for a few times, and that is all."""
    till.market.forget()
    assert tell(till, 987654).status_code == 200
    till.work()
    assert till.market.calls("/v1/payments/987654") == 4
    assert till.payment(987654) == {}


@pytest.mark.parametrize("reference", [None, "", "somebody-else", "019373a0-0000-7000-8000-000000000001", "{%s}"])
def test_payments_of_others(till: Till, reference: str | None) -> None:
    """A payment that names no order of ours, in exactly the way we name them, is nobody's here."""
    order = till.checked_out()
    members = {"external_reference": reference % order.id if reference == "{%s}" else reference}
    till.market.manner(members=members if reference is not None else {"external_reference": 7})
    number = till.pay(order)
    till.work()
    assert till.state(order) == "checkout_created" and till.payment(number) == {}


def test_another_orders_payment(till: Till) -> None:
    """A payment pays the order that it names, whoever tells of it; once it was seen it is no other order's."""
    first, second = till.checked_out(), till.checked_out()
    till.market.habits(hold=True)
    number = till.pay(first)
    assert tell(till, number).status_code == 200
    till.work()
    assert (till.state(first), till.state(second)) == ("paid", "checkout_created")
    till.market.alter(number, external_reference=str(second.id))
    assert tell(till, number).status_code == 200
    till.work()
    assert (till.state(first), till.state(second)) == ("paid", "checkout_created")
    assert till.payment(number)["doubt"] == "reference" and till.received(second) == 0


@pytest.mark.parametrize(
    ("members", "doubt", "received"),
    [
        ({"transaction_amount": 1}, "amount", 1),
        ({"transaction_amount": 46.99}, "amount", Decimal("46.99")),
        ({"transaction_amount": 4700}, "amount", 4700),
        ({"currency_id": "ARS"}, "currency", 0),
        ({"live_mode": True}, "live_mode", 0),
    ],
)
def test_not_what_was_asked_for(till: Till, members: dict[str, object], doubt: str, received: object) -> None:
    """Another amount, another currency, another kind of money: never paid, noted, and counted if it is our money."""
    order = till.checked_out()
    till.market.manner(members=members)
    number = till.pay(order)
    till.work()
    assert till.state(order) == "checkout_created" and till.jobs("petstory.produce", order.id) == []
    assert till.payment(number)["doubt"] == doubt
    assert till.received(order) == received
    assert till.shop.noted(order.id)[-1] == "petstory.payment.doubted"


@pytest.fixture(scope="module")
def real() -> Iterator[Market]:
    with running_mercadopago(live=True) as running:
        yield running


@pytest.mark.parametrize(("live", "state"), [(None, "paid"), (False, "checkout_created")])
def test_a_test_payment_in_production(house: House, real: Market, live: bool | None, state: str) -> None:
    """Where money is real, that of tests buys nothing."""
    well(real)
    with house(**paying(real, PETSTORY__MERCADOPAGO_LIVE="true")) as served:
        till = Till(Shop.at(served), real)
        order = till.checked_out()
        real.manner(members={} if live is None else {"live_mode": live})
        till.pay(order)
        till.work()
        assert till.state(order) == state
        assert till.received(order) == (PRICE if live is None else 0)


def test_a_window(house: House, market: Market) -> None:
    """Where operators want signatures to be fresh, stale ones are refused, in seconds and in milliseconds."""
    with house(**paying(market, PETSTORY__WEBHOOK_WINDOW="300")) as served:
        till = Till(Shop.at(served), market)
        now = int(time.time())
        for timestamp in (now - 310, (now - 310) * 1000):
            problem(tell(till, 1, timestamp=str(timestamp)), 401, "INVALID_SIGNATURE")
        for timestamp in (now - 250, (now - 250) * 1000):
            assert tell(till, 1, timestamp=str(timestamp)).status_code == 200


@pytest.mark.parametrize(
    "fault", ["refused", "error_500", "rate_limited", "unauthorized", "locked", "cut_json", "wrong_shape"]
)
def test_the_market_is_down(till: Till, fault: str) -> None:
    """What cannot be read is read later; the notification is not lost."""
    order = till.checked_out()
    till.market.habits(hold=True)
    number = till.pay(order)
    till.market.fault(fault)
    assert tell(till, number).status_code == 200
    till.turn()
    assert till.state(order) == "checkout_created"
    till.market.fault("none")
    till.work()
    assert till.state(order) == "paid" and once_paid(till, order)


def test_statuses_of_tomorrow(till: Till) -> None:
    """A status that nobody knows is kept as it is and moves nothing."""
    order = till.checked_out()
    till.market.manner(members={"status": "in_orbit"})
    number = till.pay(order)
    till.work()
    assert till.state(order) == "checkout_created" and till.payment(number)["status"] == "in_orbit"
    till.market.alter(number, status=None)
    till.market.notify(number)
    till.work()
    assert till.state(order) == "paid"


def test_paid_too_late(till: Till) -> None:
    """Money for an order that has expired is money: it is paid, and what comes of that is production's to say."""
    order = till.checked_out()
    order.put("expired")
    till.pay(order)
    till.work()
    assert till.state(order) == "paid" and once_paid(till, order)


def test_charged_back(till: Till) -> None:
    """Money that is taken back takes the links with it, and the book."""
    order, number = till.paid()
    before = till.shop.row(order.id)
    till.market.change(number, "charge_back")
    till.heard()
    till.work()
    after = till.shop.row(order.id)
    assert after["state"] == "charged_back" and till.received(order) == 0
    assert (after["link"], after["tribute_link"]) == (before["link"] + 1, before["tribute_link"] + 1)
    problem(order.ask("GET"), 404, "NOT_FOUND")


def test_in_mediation(till: Till) -> None:
    """A dispute about a paid order leaves it paid until it is decided."""
    order, number = till.paid()
    till.market.change(number, "mediate")
    till.heard()
    till.work()
    assert till.state(order) == "paid" and till.received(order) == PRICE
    assert till.payment(number)["status"] == "in_mediation"


def test_tried_from_the_panel(till: Till) -> None:
    """Whoever opens the address, or simulates a notification at the market's panel, does no harm and sees it work."""
    assert {till.shop.client.request(method, HOOK).status_code for method in ("GET", "HEAD", "PUT")} == {405}
    till.market.forget()
    before = till.shop.served.sql("SELECT count(*) FROM petstory_payment_events")[0][0]
    assert tell(till, 123456, timestamp="1742505638683").status_code == 200
    till.work()
    assert till.payment(123456) == {}
    assert till.shop.served.sql("SELECT count(*) FROM petstory_payment_events")[0][0] == before
    failed = till.shop.served.sql("SELECT count(*) FROM jobs WHERE name = 'petstory.notified' AND outcome = 'failed'")
    assert failed[0][0] == 0


def test_forged_ones_leave_nothing(till: Till) -> None:
    """However many are forged, nothing is written down for them."""
    counts = "SELECT (SELECT count(*) FROM webhook_receipts) + (SELECT count(*) FROM jobs) AS number"
    before = till.shop.served.sql(counts)[0]["number"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: tell(till, number, secret="forged").status_code, range(200)))
    assert set(answers) <= {401, 429} and till.shop.served.sql(counts)[0]["number"] == before
