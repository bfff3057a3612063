"""Mercado Pago over HTTP: what is for sale, how it is paid, what became of it."""

from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from esteio.standins.mercadopago import MercadoPago, running_mercadopago
from tests.house import AMPLE
from tests.standins.seller import Seller, client_of

PAGE_OUTCOMES = [
    ("approved", "success", "approved", "accredited", "credit_card"),
    ("approved_pix", "success", "approved", "accredited", "bank_transfer"),
    ("pending_pix", "pending", "pending", "pending_waiting_transfer", "bank_transfer"),
    ("pending_boleto", "pending", "pending", "pending_waiting_payment", "ticket"),
    ("in_process", "pending", "in_process", "pending_contingency", "credit_card"),
    ("rejected", "failure", "rejected", "cc_rejected_insufficient_amount", "credit_card"),
]
ITEM = {"title": "Livro", "quantity": 1, "unit_price": 47.0}


def error(answer: httpx.Response) -> tuple[int, str]:
    """Status and slug of an error, which has Mercado Pago's shape."""
    body = answer.json()
    assert {*body} == {"message", "error", "status", "cause"}
    assert body["status"] == answer.status_code
    return answer.status_code, body["error"]


def press(url: str, button: str) -> httpx.Response:
    return httpx.post(url, data={"pay": button}, timeout=AMPLE)


@pytest.mark.parametrize(("button", "back", "status", "detail", "kind"), PAGE_OUTCOMES)
def test_the_journey(seller: Seller, button: str, back: str, status: str, detail: str, kind: str) -> None:
    """A preference, its page, a press of a button, the way back, and the payment as its number says."""
    preference = seller.preference()
    page = httpx.get(preference["sandbox_init_point"], timeout=AMPLE)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f'value="{button}"' in page.text
    assert "R$ 47,00" in page.text
    sent = press(preference["init_point"], button)
    assert sent.status_code == 303
    place = urlsplit(sent.headers["location"])
    assert f"{place.scheme}://{place.netloc}{place.path}" == f"https://shop.example.org/back/{back}"
    told = {name: values[0] for name, values in parse_qs(place.query).items()}
    assert told | {"of": "1", "status": status, "external_reference": "order-1"} == told
    payment = seller.read(int(told["payment_id"]))
    assert (payment["status"], payment["status_detail"], payment["payment_type_id"]) == (status, detail, kind)
    assert (payment["date_approved"] is not None) == (status == "approved")
    assert payment["order"] == {"id": told["merchant_order_id"], "type": "mercadopago"}
    assert payment["metadata"] == {"order": "order-1"}


def test_a_payment_has_the_members_that_shops_read(seller: Seller) -> None:
    """Amounts are JSON numbers with cents, ids are numbers, dates carry their offset."""
    answer = seller.client.get(f"/v1/payments/{seller.paid()}")
    body = answer.json()
    assert '"transaction_amount":47.00,' in answer.text
    assert isinstance(body["id"], int)
    assert (body["currency_id"], body["live_mode"], body["external_reference"]) == ("BRL", False, "order-1")
    assert body["date_created"].endswith("-04:00")
    assert body["transaction_amount_refunded"] == 0
    assert body["refunds"] == []
    details = body["transaction_details"]
    fees = sum(Decimal(str(one["amount"])) for one in body["fee_details"])
    assert Decimal(str(details["net_received_amount"])) + fees == Decimal(47)
    assert {"payer", "captured", "payment_method_id", "point_of_interaction", "date_last_updated"} <= {*body}


def test_live_mode_is_the_partys_own() -> None:
    """With real credentials payments say so."""
    with running_mercadopago(live=True) as market, client_of(market) as client:
        preference = client.post("/checkout/preferences", json={"items": [ITEM]}).json()
        assert market.payment(market.pay(preference["id"]))["live_mode"] is True


@pytest.mark.parametrize(
    ("members", "slug"),
    [
        ({"items": []}, "invalid_items"),
        ({"items": None}, "invalid_items"),
        ({"items": ["book"]}, "invalid_items"),
        ({"items": [ITEM | {"title": " "}]}, "invalid_items"),
        ({"items": [ITEM | {"quantity": 0}]}, "invalid_items"),
        ({"items": [ITEM | {"quantity": True}]}, "invalid_items"),
        ({"items": [ITEM | {"unit_price": 0}]}, "invalid_items"),
        ({"items": [ITEM | {"unit_price": -1.5}]}, "invalid_items"),
        ({"items": [ITEM | {"unit_price": 1.005}]}, "invalid_items"),
        ({"items": [ITEM | {"unit_price": "47"}]}, "invalid_items"),
        ({"items": [ITEM | {"currency_id": "USD"}]}, "invalid_items"),
        ({"items": [ITEM], "back_urls": {"success": "shop"}}, "invalid_back_urls"),
        ({"items": [ITEM], "back_urls": {"success": "http://[bad"}}, "invalid_back_urls"),
        ({"items": [ITEM], "auto_return": "approved"}, "invalid_auto_return"),
        (
            {"items": [ITEM], "auto_return": "never", "back_urls": {"success": "https://a.example"}},
            "invalid_auto_return",
        ),
        ({"items": [ITEM], "expiration_date_to": "tomorrow"}, "invalid_expiration_date_to"),
        (
            {
                "items": [ITEM],
                "expiration_date_from": "2031-01-02T00:00:00Z",
                "expiration_date_to": "2031-01-01T00:00:00Z",
            },
            "invalid_expiration",
        ),
        ({"items": [ITEM], "notification_url": "http://shop.example.org/told"}, "invalid_notification_url"),
        ({"items": [ITEM], "notification_url": "https://a.example/\r\nX: y"}, "invalid_notification_url"),
        ({"items": [ITEM], "external_reference": "x" * 257}, "invalid_external_reference"),
        ({"items": [ITEM], "metadata": [1]}, "invalid_metadata"),
    ],
)
def test_a_preference_that_is_not_taken(seller: Seller, members: dict[str, Any], slug: str) -> None:
    """400, with the name of what is wrong; nothing was made."""
    assert error(seller.client.post("/checkout/preferences", json=members)) == (400, slug)
    assert seller.client.get("/checkout/preferences/search").json()["total"] == 0


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"a":NaN}', b'{"a":"\\ud800"}', b'{"a":' + b"[" * 60 + b"]" * 60 + b"}"]
)
def test_a_body_that_cannot_be_read(seller: Seller, body: bytes) -> None:
    """400 in Mercado Pago's shape."""
    assert error(seller.client.post("/checkout/preferences", content=body)) == (400, "bad_request")


def test_preferences_are_read_changed_and_found(seller: Seller) -> None:
    """By id and by reference; a change keeps what it does not name and is checked like a new one."""
    first, other = seller.preference(), seller.preference(external_reference="order-2")
    path = f"/checkout/preferences/{first['id']}"
    assert seller.client.get(path).json() == first
    changed = seller.client.put(path, json={"items": [ITEM | {"unit_price": 50.5}]}).json()
    assert (changed["items"][0]["unit_price"], changed["external_reference"]) == (50.5, "order-1")
    assert error(seller.client.put(path, json={"items": []})) == (400, "invalid_items")
    assert seller.client.get(path).json() == changed
    found = seller.client.get("/checkout/preferences/search", params={"external_reference": "order-2"}).json()
    assert ([one["id"] for one in found["elements"]], found["total"]) == ([other["id"]], 1)
    assert error(seller.client.get("/checkout/preferences/nonsense")) == (404, "not_found")
    assert first["init_point"] != first["sandbox_init_point"]


def test_the_page_holds_no_markup_of_the_shop(seller: Seller) -> None:
    """A title is text there; the page runs no script."""
    preference = seller.preference(items=[ITEM | {"title": "<script>alert(1)</script>"}])
    page = httpx.get(preference["init_point"], timeout=AMPLE)
    assert "<script" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_an_expired_preference_cannot_be_paid(seller: Seller) -> None:
    """Its page says so and its buttons do nothing."""
    ends = "2100-01-01T00:00:00.000-04:00"
    preference = seller.preference(expires=True, expiration_date_to=ends)
    assert httpx.get(preference["init_point"], timeout=AMPLE).status_code == 200
    seller.market.ahead(100 * 365 * 86_400)
    assert httpx.get(preference["init_point"], timeout=AMPLE).status_code == 410
    assert press(preference["init_point"], "approved").status_code == 410
    assert seller.market.payments() == []


def test_only_offered_ways_can_be_taken(seller: Seller) -> None:
    """What the shop excluded has no button and is refused; so is what is no button at all."""
    preference = seller.preference(payment_methods={"excluded_payment_types": [{"id": "ticket"}]})
    page = httpx.get(preference["init_point"], timeout=AMPLE).text
    assert "pending_boleto" not in page
    assert "pending_pix" in page
    assert [press(preference["init_point"], name).status_code for name in ("pending_boleto", "nonsense")] == [400, 400]
    assert press(preference["init_point"] + "x", "approved").status_code == 404


def test_several_tries_make_several_payments(seller: Seller) -> None:
    """Rejected, then approved twice: three payments of one order, which counts what was paid."""
    preference = seller.preference()
    for button in ("rejected", "approved", "approved"):
        press(preference["init_point"], button)
    found = seller.client.get("/v1/payments/search", params={"external_reference": "order-1"}).json()
    assert sorted(one["status"] for one in found["results"]) == ["approved", "approved", "rejected"]
    order = seller.client.get(f"/merchant_orders/{found['results'][0]['order']['id']}").json()
    assert (order["preference_id"], order["paid_amount"], order["status"]) == (preference["id"], 94, "closed")
    assert len(order["payments"]) == 3
    assert error(seller.client.get("/merchant_orders/1")) == (404, "not_found")


def test_without_an_address_to_return_to_the_outcome_is_told(seller: Seller) -> None:
    """A page instead of a redirect; the pending payment can be paid later, where the page says."""
    preference = seller.preference(back_urls={}, auto_return="")
    told = press(preference["init_point"], "pending_pix")
    assert told.status_code == 200
    number = seller.market.payments()[0]["id"]
    ticket = f"{seller.market.url}/payments/{number}/ticket"
    assert ticket in told.text
    assert seller.read(number)["point_of_interaction"]["transaction_data"]["ticket_url"] == ticket
    assert "Pagamento aprovado" in press(ticket, "paid").text
    assert seller.read(number)["status"] == "approved"
    press(ticket, "left")
    assert seller.read(number)["status"] == "approved"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [({}, 401), ({"Authorization": "Bearer wrong"}, 401), ({"Authorization": "Basic TEST"}, 401)],
)
def test_nobody_calls_without_the_token(seller: Seller, headers: dict[str, str], expected: int) -> None:
    """401 on every path of the API, whatever is asked."""
    for method, path in (("GET", "/v1/payments/1"), ("POST", "/checkout/preferences"), ("GET", "/nonsense")):
        answer = httpx.request(method, seller.market.url + path, headers=headers, timeout=AMPLE)
        assert error(answer) == (expected, "unauthorized")


def test_a_party_without_a_secret_is_not_made() -> None:
    """An empty token or secret would open or sign anything."""
    with pytest.raises(ValueError, match="needed"):
        MercadoPago("", "secret")
    with pytest.raises(ValueError, match="needed"):
        MercadoPago("token", "")


def test_unknown_payments_and_paths(seller: Seller) -> None:
    """404 with the cause's number."""
    for number in ("1", "abc", "9" * 30, "%C2%B2"):
        answer = seller.client.get(f"/v1/payments/{number}")
        assert error(answer) == (404, "not_found")
        assert answer.json()["cause"][0]["code"] == 2000
    assert error(seller.client.delete("/v1/payments/1")) == (404, "not_found")


def test_reset(seller: Seller) -> None:
    """Nothing is left but the count of numbers: a shop that remembers one meets it no more."""
    number = seller.paid()
    seller.market.manner(pending=3, seconds=0.0, members={"live_mode": True})
    seller.market.habits(lost=True)
    seller.market.ahead(50.0)
    seller.market.reset()
    assert seller.market.payments() == []
    assert seller.client.get("/checkout/preferences/search").json()["elements"] == []
    another = seller.paid()
    assert another > number
    assert (seller.read(another)["status"], seller.read(another)["live_mode"]) == ("approved", False)
    assert seller.market.deliveries()[0]["state"] != "lost"
