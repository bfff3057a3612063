"""What Mercado Pago tells the shop: its notifications, their tries, and all that may go wrong with them."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from esteio.standins.mercadopago import Market, running_mercadopago
from esteio.standins.mercadopago.deliveries import SCHEDULE
from tests.house import AMPLE, eventually, nobody
from tests.standins.seller import Receiver, Seller, client_of, receiving, told, validate
from tests.standins.test_mercadopago import error


def statuses(delivery: dict[str, Any]) -> list[int | None]:
    return [one["status"] for one in delivery["tries"]]


def ended(market: Market, count: int = 1) -> list[dict[str, Any]]:
    """So many deliveries, once none of them is on its way."""
    return eventually(
        lambda: (
            found
            if len(found := market.deliveries()) >= count and not any(one["state"] == "waiting" for one in found)
            else None
        )
    )


@pytest.fixture
def impatient(running_receiver: Receiver) -> Iterator[Seller]:
    """One who sells through a Mercado Pago that waits half a second for an answer and tries twice."""
    running_receiver.clear()
    with (
        running_mercadopago(schedule=(0, 0.1), patience=0.5) as market,
        client_of(market) as client,
    ):
        yield Seller(market, running_receiver, client)


def test_a_payment_is_told_of(seller: Seller) -> None:
    """The address keeps its own parameters; headers and body are those of the real one."""
    number = seller.paid()
    one = told(seller)[0]
    assert one.path == seller.receiver.path
    assert one.query == {"source_news": "webhooks", "data.id": str(number), "type": "payment"}
    assert one.headers["content-type"] == "application/json"
    assert (one.headers["x-retry"], one.headers["x-socket-timeout"]) == ("0", "22000")
    body = json.loads(one.body)
    assert body["data"] == {"id": str(number)}
    assert (body["action"], body["type"], body["live_mode"], body["api_version"]) == (
        "payment.created",
        "payment",
        False,
        "v1",
    )
    assert {"id", "date_created", "user_id"} <= {*body}
    seller.market.change(number, "charge_back")
    assert json.loads(told(seller, 2)[1].body)["action"] == "payment.updated"


def test_tries_until_it_is_taken(seller: Seller) -> None:
    """Refused ones come again, numbered, signed anew, with the same body; 201 is enough, and ends it."""
    seller.receiver.status = 500
    seller.paid()
    first, second = told(seller, 2)[:2]
    seller.receiver.status = 201
    (delivery,) = ended(seller.market)
    received = seller.receiver.received
    assert [one.headers["x-retry"] for one in received] == [str(at) for at in range(len(received))]
    assert statuses(delivery) == [500] * (len(received) - 1) + [201]
    assert delivery["state"] == "delivered"
    assert first.body == second.body
    assert first.headers["x-signature"] != second.headers["x-signature"]
    for one in received:
        validate(one)


def test_tries_may_repeat_the_first_signature(seller: Seller) -> None:
    """Whether the real one signs again is not known; both can be had."""
    seller.market.habits(sign_again=False)
    seller.receiver.status = 500
    seller.paid()
    assert len({one.headers["x-signature"] for one in told(seller, 2)}) == 1


@pytest.mark.parametrize("status", [202, 204, 301, 400, 500])
def test_tries_end(impatient: Seller, status: int) -> None:
    """After the last one of the schedule it is given up; only 200 and 201 are a yes."""
    impatient.receiver.status = status
    impatient.paid()
    (delivery,) = ended(impatient.market)
    assert (delivery["state"], statuses(delivery)) == ("given_up", [status, status])


def test_silence_and_nobody_are_tried_again(impatient: Seller) -> None:
    """A receiver that takes too long, and one that is not there."""
    impatient.receiver.status = None
    impatient.paid()
    impatient.paid(notification_url=nobody())
    for delivery in ended(impatient.market, 2):
        assert (delivery["state"], statuses(delivery)) == ("given_up", [None, None])
        assert {one["error"].split(":")[0] for one in delivery["tries"]} <= {"TimeoutError", "ConnectionRefusedError"}
    impatient.receiver.let_go.set()
    impatient.receiver.let_go = type(impatient.receiver.let_go)()


def test_the_real_schedule() -> None:
    """Eight tries: at once, then 15 and 30 minutes, 6 and 48 hours, and thrice 96 hours."""
    assert [seconds / 60 for seconds in SCHEDULE] == [0, 15, 30, 360, 2880, 5760, 5760, 5760]


def test_without_an_address_nobody_is_told(seller: Seller) -> None:
    """And asking for it is refused."""
    number = seller.paid(notification_url=None)
    assert seller.market.deliveries() == []
    with pytest.raises(ValueError, match="notification_url"):
        seller.market.notify(number)


def test_held_and_released_in_the_other_order(seller: Seller) -> None:
    """Nothing comes while they are held; then the last one comes first."""
    seller.market.habits(hold=True)
    number = seller.paid("pending_pix")
    seller.market.change(number, "approve")
    seller.market.change(number, "refund", 10)
    assert [one["state"] for one in seller.market.deliveries()] == ["held"] * 3
    assert seller.receiver.received == []
    released = seller.market.release(turned=True)
    assert [one["state"] for one in released] == ["delivered"] * 3
    ids = [json.loads(one.body)["id"] for one in seller.receiver.received]
    assert ids == sorted(ids, reverse=True)
    assert seller.market.release() == []


def test_again_and_with_its_twin(seller: Seller) -> None:
    """On demand: copies, each with a request id of its own, and the unsigned IPN of the same payment."""
    number = seller.paid()
    told(seller)
    deliveries = seller.market.notify(number, copies=2, ipn=True)
    assert [(one["kind"], statuses(one)) for one in deliveries] == [
        ("webhook", [200]),
        ("webhook", [200]),
        ("ipn", [200]),
    ]
    *copies, ipn = sorted(told(seller, 4)[1:], key=lambda one: "topic" in one.query)
    assert copies[0].body == copies[1].body
    assert copies[0].headers["x-request-id"] != copies[1].headers["x-request-id"]
    assert ipn.query == {"source_news": "webhooks", "topic": "payment", "id": str(number)}
    assert not {"x-signature", "x-request-id"} & {*ipn.headers}
    assert json.loads(ipn.body) == {"resource": str(number), "topic": "payment"}


def test_lost(seller: Seller) -> None:
    """The list knows of it, the shop does not; what comes after is told."""
    seller.market.fault("lost")
    number = seller.paid("pending_pix")
    seller.market.fault("none")
    seller.market.change(number, "approve")
    told(seller)
    assert [one["state"] for one in ended(seller.market, 2)] == ["lost", "delivered"]
    assert len(seller.receiver.received) == 1


def test_duplicated(seller: Seller) -> None:
    """Each comes twice."""
    seller.market.fault("duplicated")
    seller.paid()
    first, second = told(seller, 2)
    assert first.body == second.body
    validate(first)
    validate(second)


def test_reordered(seller: Seller) -> None:
    """The later one comes first; one alone comes after a while."""
    seller.market.fault("reordered")
    number = seller.paid("pending_pix")
    seller.market.change(number, "approve")
    assert [json.loads(one.body)["action"] for one in told(seller, 2)] == ["payment.updated", "payment.created"]
    seller.market.change(number, "charge_back")
    assert len(told(seller, 3)) == 3


@pytest.mark.parametrize(
    ("fault", "status", "slug"),
    [("rate_limited", 429, "too_many_requests"), ("unauthorized", 401, "unauthorized"), ("locked", 423, "locked")],
)
def test_own_faults(seller: Seller, fault: str, status: int, slug: str) -> None:
    """The call is refused and nothing was done; buyers go on paying; another path is as ever."""
    preference = seller.preference()
    number = seller.market.pay(preference["id"])
    seller.market.fault(fault, "/v1/payments")
    answer = seller.refund(number, "k")
    assert error(answer) == (status, slug)
    assert answer.headers.get("retry-after") == ("1" if status == 429 else None)
    assert httpx.post(preference["init_point"], data={"pay": "approved"}, timeout=AMPLE).status_code == 303
    assert seller.client.get(f"/checkout/preferences/{preference['id']}").status_code == 200
    seller.market.fault("none")
    assert seller.refund(number, "k").status_code == 201
    assert len(seller.read(number)["refunds"]) == 1


@pytest.mark.parametrize("fault", ["error_500", "truncated", "not_json"])
def test_an_answer_that_is_lost_was_done_all_the_same(seller: Seller, fault: str) -> None:
    """The same key finds out: one refund, however often it is asked for."""
    number = seller.paid()
    seller.market.fault(fault, "/v1/payments")
    for _ in range(2):
        try:
            assert seller.refund(number, "k").text.startswith("<!DOCTYPE")
        except httpx.RemoteProtocolError:
            assert fault == "truncated"
    seller.market.fault("none")
    assert seller.refund(number, "k").status_code == 201
    assert len(seller.read(number)["refunds"]) == 1


def test_refused_connections_do_not_stop_notifications(seller: Seller) -> None:
    """Who cannot be called still calls."""
    number = seller.paid()
    told(seller)
    seller.market.fault("refused")
    with pytest.raises(httpx.TransportError):
        seller.client.get("/v1/payments/1")
    seller.market.change(number, "charge_back")
    assert len(told(seller, 2)) == 2


def test_two_receivers(seller: Seller) -> None:
    """Each preference names its own."""
    with receiving() as other:
        seller.paid(notification_url=other.url)
        assert eventually(lambda: len(other.received)) == 1
    assert seller.receiver.received == []
