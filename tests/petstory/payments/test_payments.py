"""What readings of payments make of an order, whatever is read, in whichever order, however often it is cut off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from esteio.auth.audit import Audit
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.payments.answers import GivenBack, Preferred, Seen, shaped, told
from esteio.services.petstory.payments.mercadopago import exact
from esteio.services.petstory.payments.standing import RANKS, net, steps
from esteio.services.petstory.states import STATES, UNPAID, State, may
from esteio.services.petstory.use_cases import paying
from esteio.upstream.answer import Received, Unfit
from tests.petstory.payments.till import Till
from tests.petstory.shop import Order

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
PRICE = Decimal("47.00")
numbers = count(500)

HISTORIES: tuple[tuple[tuple[str, str], ...], ...] = (
    (("approved", "0"),),
    (("pending", "0"), ("approved", "0")),
    (("pending", "0"), ("cancelled", "0")),
    (("in_process", "0"), ("rejected", "0")),
    (("rejected", "0"),),
    (("authorized", "0"), ("approved", "0"), ("refunded", "47.00")),
    (("pending", "0"), ("approved", "0"), ("approved", "10.00"), ("approved", "20.50"), ("refunded", "47.00")),
    (("approved", "0"), ("approved", "0.01")),
    (("approved", "0"), ("charged_back", "0")),
    (("approved", "0"), ("in_mediation", "0"), ("approved", "0")),
    (("approved", "0"), ("in_mediation", "0"), ("charged_back", "0")),
)
ENDS = {
    "approved": "paid",
    "refunded": "refunded",
    "charged_back": "charged_back",
    "cancelled": "payment_rejected",
    "rejected": "payment_rejected",
}


class Killed(Exception):
    """The process ends here."""


@dataclass
class Row:
    """A payment as far as its order looks at it."""

    status: str
    amount: Decimal = PRICE
    refunded: Decimal = Decimal(0)
    doubt: str | None = None


def reading(order: Order, number: int, place: int, status: str, refunded: str, **members: Any) -> Seen:
    at = (BEGAN + timedelta(hours=place)).isoformat()
    answer = {
        "id": number,
        "status": status,
        "transaction_amount": PRICE,
        "transaction_amount_refunded": Decimal(refunded),
        "currency_id": "BRL",
        "external_reference": str(order.id),
        "live_mode": False,
        "date_created": BEGAN.isoformat(),
        "date_approved": at if status == "approved" else None,
        "date_last_updated": at,
        **members,
    }
    return shaped(Seen, answer)


def observe(till: Till, readings: Sequence[tuple[Seen, bool]]) -> None:
    """Take note of them one after the other; where it says so, the process ends before the commit."""
    house = till.shop.served.app
    clock = house.resources.clock
    actor = Actor("test", DEFAULT_TENANT, clock, Audit(clock))

    async def work() -> None:
        for seen, killed in readings:
            try:
                async with transaction(house.resources.database, DEFAULT_TENANT) as session:
                    await paying.observe(session, actor, house.settings.services["petstory"], seen, "notification")
                    if killed:
                        await session.flush()
                        raise Killed
            except Killed:
                pass

    till.shop.served.run(work)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.sampled_from(HISTORIES), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_money_is_counted_once(till: Till, histories: list[tuple[tuple[str, str], ...]], random: Any) -> None:
    """Readings of several payments in any order, doubled, lost and cut off: the ledger's sum is what is there."""
    order = till.shop.begin()
    order.put("checkout_created")
    told = [
        [reading(order, number, place, *step) for place, step in enumerate(history)]
        for number, history in zip(numbers, histories, strict=False)
    ]
    mixed = [(seen, random.random() < 0.3) for one in told for seen in one for _ in range(random.randint(0, 2))]
    random.shuffle(mixed)
    last = [(one[-1], False) for one in told]
    random.shuffle(last)
    observe(till, mixed + last)
    here = sum((net(Row(one[-1].status, refunded=one[-1].refunded)) for one in told), Decimal(0))
    assert till.received(order) == here
    facts = till.shop.facts(order.id)
    assert facts.count("order.paid") <= 1 and len(till.jobs("petstory.produce", order.id)) <= 1
    if len(histories) == 1:
        assert till.state(order) == ENDS[histories[0][-1][0]]
    assert len(till.refunds(order)) < len(told), "what paid the order is not given back"
    surplus = max(sum(history[-1][0] == "approved" for history in histories) - 1, 0)
    assert len(till.refunds(order)) >= (surplus if till.state(order) == "paid" else 0)


def test_a_reading_without_its_time(till: Till) -> None:
    """Where it is not told when a payment last changed, when it was approved says that this is the later reading."""
    order, number = till.checked_out(), next(numbers)
    pending = reading(order, number, 1, "pending", "0")
    approved = reading(
        order, number, 2, "approved", "0", date_last_updated=None, date_approved="2026-11-01T05:00:00.000-04:00"
    )
    observe(till, [(pending, False), (approved, False), (pending, False)])
    assert till.state(order) == "paid" and till.received(order) == PRICE


def test_paid_twice(till: Till) -> None:
    """A second payment of a paid order is given back, once; the first one stays."""
    order, first = till.paid()
    second = till.pay(order)
    till.work()
    [refund] = till.refunds(order)
    assert (refund["number"], refund["amount"], refund["state"]) == (str(second), PRICE, "done")
    assert till.market.payment(second)["status"] == "refunded"
    assert till.market.payment(first)["status"] == "approved"
    assert till.state(order) == "paid" and till.received(order) == PRICE
    assert len(till.jobs("petstory.produce", order.id)) == 1


def test_a_rejected_one_beside_one_under_way(till: Till) -> None:
    """One payment that is rejected does not reject the order while another is under way, or has paid it."""
    order = till.checked_out()
    till.pay(order, "pending_pix")
    till.pay(order, "rejected")
    till.work()
    assert till.state(order) == "payment_pending"
    till.pay(order, "approved")
    till.pay(order, "rejected")
    till.work()
    assert till.state(order) == "paid"


def test_the_ledger_is_only_added_to(till: Till) -> None:
    """Nobody changes or removes what was told, not even the database's superuser by a slip."""
    order, _ = till.paid()
    for statement in (
        "UPDATE petstory_payment_events SET delta = 0",
        "DELETE FROM petstory_payment_events",
        "TRUNCATE petstory_payment_events",
    ):
        with pytest.raises(Exception, match="append-only"):
            till.shop.served.sql(statement)
    assert till.received(order) == PRICE


def test_money_for_what_is_not_for_sale(till: Till) -> None:
    """A payment of an order that nobody checked out is counted and moves nothing."""
    for state in sorted(UNPAID - {"checkout_created", "payment_pending", "payment_rejected"}):
        order = till.shop.begin()
        order.put(state)
        observe(till, [(reading(order, next(numbers), 0, "approved", "0"), False)])
        assert till.state(order) == state and till.received(order) == PRICE


@given(
    st.sampled_from(STATES),
    st.lists(
        st.builds(
            Row,
            status=st.sampled_from((*RANKS, "another")),
            refunded=st.sampled_from([Decimal(0), Decimal(1), PRICE]),
            doubt=st.sampled_from([None, None, "amount", "currency", "live_mode", "reference"]),
        ),
        max_size=4,
    ),
)
def test_every_step_is_one_of_the_ways(state: State, payments: list[Row]) -> None:
    """Whatever payments there are, an order only goes where a way leads, and doubted ones lead nowhere."""
    found = steps(state, payments)
    here = state
    for to in found:
        assert may(here, to) or here in UNPAID - {"checkout_created", "payment_pending", "payment_rejected"}
        here = to
    assert found == steps(state, [one for one in payments if one.doubt is None])
    assert not (found and all(one.doubt for one in payments))


@pytest.mark.parametrize("amount", ["0.01", "0.10", "47.00", "1.10", "99999.99", "1234567.89"])
def test_amounts_stay_exact(amount: str) -> None:
    """An amount is written with its two decimals and read to the cent, as number and nothing else."""
    import orjson

    written = orjson.dumps({"amount": exact(Decimal(amount))})
    assert written == b'{"amount":%s}' % amount.encode()
    assert told(Received(200, {}, written)) == {"amount": Decimal(amount)}


@pytest.mark.parametrize(
    "members",
    [
        {"transaction_amount": "47.00"},
        {"transaction_amount": None},
        {"transaction_amount": True},
        {"transaction_amount": Decimal(-1)},
        {"transaction_amount": Decimal("47.001")},
        {"transaction_amount": Decimal("1e30")},
        {"live_mode": None},
        {"live_mode": 1},
        {"id": "../refunds"},
        {"id": None},
        {"status": ""},
        {"status": None},
        {"date_last_updated": "yesterday"},
        {"currency_id": "R$"},
    ],
)
def test_what_is_no_payment(members: dict[str, Any]) -> None:
    """An answer of another shape is no answer, and its values are in no message."""
    whole = {
        "id": 1,
        "status": "approved",
        "transaction_amount": PRICE,
        "currency_id": "BRL",
        "live_mode": False,
        "date_created": "2026-11-01T12:00:00.000-04:00",
    }
    assert shaped(Seen, whole).refunded == 0
    with pytest.raises(Unfit) as refused:
        shaped(Seen, whole | members)
    assert "47.001" not in str(refused.value) and "refunds" not in str(refused.value)


@pytest.mark.parametrize("body", [b"", b"[1", b"NaN", b'{"a":Infinity}', b"[" * 100_000, b"\xff"])
def test_what_is_no_json(body: bytes) -> None:
    """Whatever is sent instead of JSON is refused in one way."""
    with pytest.raises(Unfit):
        told(Received(200, {}, body))


def test_addresses_to_pay_at() -> None:
    """A preference whose addresses are none is none; so is a refund without its number."""
    with pytest.raises(Unfit):
        shaped(Preferred, {"id": "1", "init_point": "javascript:1", "sandbox_init_point": "https://x"})
    with pytest.raises(Unfit):
        shaped(GivenBack, {"amount": 1, "date_created": "2026-11-01T12:00:00Z"})
