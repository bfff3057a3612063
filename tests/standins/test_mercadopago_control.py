"""What Mercado Pago is told from outside while it runs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.house import AMPLE, NO_TLS, eventually
from tests.standins.seller import Seller


@pytest.fixture
def control(seller: Seller) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=seller.market.control_url, timeout=AMPLE, verify=NO_TLS) as client:
        yield client


@pytest.mark.parametrize(
    ("verb", "status", "detail"),
    [
        ("approve", "approved", "accredited"),
        ("authorize", "authorized", "pending_capture"),
        ("process", "in_process", "pending_review_manual"),
        ("pend", "pending", "pending_waiting_payment"),
        ("reject", "rejected", "cc_rejected_other_reason"),
        ("cancel", "cancelled", "by_collector"),
        ("expire", "cancelled", "expired"),
        ("charge_back", "charged_back", "in_process"),
        ("mediate", "in_mediation", "pending"),
    ],
)
def test_a_payment_is_changed(seller: Seller, control: httpx.Client, verb: str, status: str, detail: str) -> None:
    """To each of the real one's states; the shop is told."""
    number = seller.paid("pending_pix")
    eventually(lambda: seller.receiver.received)
    changed = control.post(f"/payments/{number}/{verb}").json()
    assert (changed["status"], changed["status_detail"]) == (status, detail)
    assert seller.read(number) == changed
    assert eventually(lambda: len(seller.receiver.received) == 2)


def test_money_is_given_back(seller: Seller, control: httpx.Client) -> None:
    """In part or all of it, by the same rules as the shop's own refunds."""
    number = seller.paid()
    assert control.post(f"/payments/{number}/refund", json={"amount": 7}).json()["transaction_amount_refunded"] == 7
    assert control.post(f"/payments/{number}/refund", json={"amount": 41}).status_code == 422
    assert control.post(f"/payments/{number}/refund", json={"amount": "7"}).status_code == 422
    assert control.post(f"/payments/{number}/refund").json()["status"] == "refunded"
    assert len(seller.read(number)["refunds"]) == 2


def test_a_payment_says_what_is_not_so(seller: Seller, control: httpx.Client) -> None:
    """Amount, currency, mode and reference are answered as told, silently, until the true ones are given back."""
    number = seller.paid()
    true = seller.read(number)
    eventually(lambda: seller.receiver.received)
    false: dict[str, Any] = {
        "transaction_amount": 0.01,
        "currency_id": "ARS",
        "live_mode": True,
        "external_reference": "order-2",
    }
    assert control.patch(f"/payments/{number}", json=false).status_code == 200
    assert seller.read(number) == true | false
    found = seller.client.get("/v1/payments/search", params={"external_reference": "order-2"}).json()
    assert [one["id"] for one in found["results"]] == [number]
    control.patch(f"/payments/{number}", json={"live_mode": None})
    assert seller.read(number) == true | false | {"live_mode": False}
    control.patch(f"/payments/{number}", json=dict.fromkeys(false))
    assert seller.read(number) == true
    assert len(seller.market.deliveries()) == 1


def test_payments_to_come(seller: Seller, control: httpx.Client) -> None:
    """They say other things and show pending for a while; those that were there do not."""
    before = seller.paid()
    told = {"members": {"currency_id": "ARS"}, "pending": 2}
    assert control.put("/manner", json=told).json() == told | {"seconds": 0}
    number = seller.paid()
    assert [seller.read(number)["status"] for _ in range(3)] == ["pending", "pending", "approved"]
    assert seller.read(number)["currency_id"] == "ARS"
    assert (seller.read(before)["status"], seller.read(before)["currency_id"]) == ("approved", "BRL")


def test_a_payment_shows_pending_first(seller: Seller, control: httpx.Client) -> None:
    """So many readings of the shop do, and only they are counted."""
    number = seller.paid()
    assert control.put(f"/payments/{number}/pending", json={"times": 1}).json()["status"] == "pending"
    assert seller.market.payment(number)["date_approved"] is None
    assert [seller.read(number)["status"] for _ in range(2)] == ["pending", "approved"]


def test_paying_without_the_page(seller: Seller, control: httpx.Client) -> None:
    """A payment of a preference, which the list then has."""
    told = {"preference": seller.preference()["id"], "outcome": "rejected"}
    made = control.post("/payments", json=told)
    assert (made.status_code, made.json()["status"]) == (201, "rejected")
    assert control.get("/payments").json() == [made.json()]
    assert control.post("/payments", json=told | {"outcome": "nonsense"}).status_code == 422
    assert control.post("/payments", json={"preference": "nonsense"}).status_code == 422


def test_notifications(seller: Seller, control: httpx.Client) -> None:
    """Held, listed, released, sent again; the list tells each try."""
    assert control.put("/notifications", json={"hold": True}).status_code == 200
    number = seller.paid()
    (held,) = control.get("/notifications").json()
    assert (held["state"], held["tries"], held["payment"], held["kind"]) == ("held", [], number, "webhook")
    (released,) = control.post("/notifications/release", json={"turned": True}).json()
    assert (released["state"], released["tries"][0]["status"]) == ("delivered", 200)
    sent = control.post("/notifications", json={"payment": number, "hold": False, "ipn": True, "upper": True}).json()
    assert [(one["kind"], one["state"]) for one in sent] == [("webhook", "delivered"), ("ipn", "delivered")]
    signature = sent[0]["tries"][0]["headers"]["X-Signature"].partition("v1=")[2]
    assert signature == signature.upper()
    assert len(control.get("/notifications").json()) == 3 == len(seller.receiver.received)


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("PUT", "/notifications", {"colour": 1}),
        ("PUT", "/notifications", {"hold": 1}),
        ("PUT", "/notifications", {"copies": 0}),
        ("PUT", "/notifications", {"copies": True}),
        ("PUT", "/notifications", {"stale": "1"}),
        ("PUT", "/notifications", {"drop": "ts"}),
        ("PUT", "/notifications", {"drop": ["colour"]}),
        ("PUT", "/notifications", {"drop": 1}),
        ("POST", "/notifications", {"payment": 1}),
        ("PUT", "/manner", {"pending": -1}),
        ("PUT", "/manner", {"colour": 1}),
        ("PUT", "/manner", {"seconds": -1}),
        ("PUT", "/clock", {}),
        ("PUT", "/payments/1/pending", {"times": 1}),
        ("PATCH", "/payments/1", {"status": "approved"}),
        ("POST", "/payments/1/approve", {}),
    ],
)
def test_what_cannot_be_done_is_told(control: httpx.Client, method: str, path: str, told: dict[str, Any]) -> None:
    """422 with words: a misspelled habit does not leave a test with a well-behaved party."""
    answer = control.request(method, path, json=told)
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_what_is_no_control(control: httpx.Client) -> None:
    """404."""
    for method, path in (("POST", "/payments/1/nonsense"), ("GET", "/nonsense"), ("DELETE", "/payments/1")):
        assert control.request(method, path).status_code == 404


def test_the_clock(seller: Seller, control: httpx.Client) -> None:
    """What is pending expires when its time has passed, and is told of."""
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    number, paid = seller.paid("pending_boleto", date_of_expiration=ends), seller.paid(date_of_expiration=ends)
    assert seller.read(number)["status"] == "pending"
    assert control.put("/clock", json={"ahead": 7200}).json() == {"ahead": 7200}
    assert [one["action"] for one in seller.market.deliveries()] == ["payment.created"] * 2 + ["payment.updated"]
    assert (seller.read(number)["status_detail"], seller.read(paid)["status"]) == ("expired", "approved")
