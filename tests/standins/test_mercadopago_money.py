"""What is done to payments: refunds, cancelling, direct Pix, keys, search."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx
import pytest

from esteio.standins.mercadopago import running_mercadopago
from esteio.standins.mercadopago.pix import pix_code
from tests.house import eventually
from tests.standins.seller import Seller, client_of
from tests.standins.test_mercadopago import error

PIX = {
    "transaction_amount": 12.5,
    "payment_method_id": "pix",
    "payer": {"email": "buyer@example.org"},
    "external_reference": "order-9",
}


def pix(seller: Seller, key: str = "p", **members: Any) -> httpx.Response:
    return seller.client.post("/v1/payments", json=PIX | members, headers={"X-Idempotency-Key": key})


def test_numbers_are_not_given_twice(seller: Seller) -> None:
    """A shop that keeps its payments meets no number again in a stand-in that was started or cleared meanwhile."""
    before = seller.paid()
    refund = seller.refund(before, "one").json()["id"]
    with running_mercadopago() as market, client_of(market) as client:
        another = Seller(market, seller.receiver, client)
        first = another.paid()
        again = another.refund(first, "one").json()["id"]
        market.reset()
        second = another.paid()
    assert len({before, first, second}) == 3
    assert refund != again


def test_a_full_refund(seller: Seller) -> None:
    """Without an amount all goes back; after it nothing can."""
    number = seller.paid()
    answer = seller.refund(number, "one")
    assert answer.status_code == 201
    assert '"amount":47.00,' in answer.text
    payment = seller.read(number)
    assert (payment["status"], payment["status_detail"]) == ("refunded", "refunded")
    assert payment["transaction_amount_refunded"] == 47
    assert payment["refunds"] == [answer.json()] == seller.client.get(f"/v1/payments/{number}/refunds").json()
    assert seller.client.get(f"/v1/payments/{number}/refunds/{answer.json()['id']}").json() == answer.json()
    assert error(seller.client.get(f"/v1/payments/{number}/refunds/1")) == (404, "not_found")
    assert error(seller.refund(number, "two")) == (400, "bad_request")


def test_refunds_in_parts_never_pass_the_amount(seller: Seller) -> None:
    """Parts add up exactly; what is too much is refused and changes nothing; the last part ends it."""
    number = seller.paid()
    assert seller.refund(number, "a", amount=20.1).status_code == 201
    payment = seller.read(number)
    assert (payment["status"], payment["status_detail"]) == ("approved", "partially_refunded")
    for wrong in (26.91, 0, -1, 1.001, "5", True, None):
        assert error(seller.refund(number, f"wrong-{wrong}", amount=wrong)) == (400, "bad_request")
    assert seller.read(number)["transaction_amount_refunded"] == 20.1
    assert seller.refund(number, "b", amount=26.9).status_code == 201
    assert seller.read(number)["status"] == "refunded"


def test_many_refunds_at_once_never_pass_the_amount(seller: Seller) -> None:
    """Of ten refunds of 10.00 that come together, four fit into 47.00."""
    number = seller.paid()
    seller.market.manner(seconds=0.2)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda at: seller.refund(number, f"r{at}", amount=10), range(10)))
    assert sorted(one.status_code for one in answers) == [201] * 4 + [400] * 6
    assert seller.read(number)["transaction_amount_refunded"] == 40


def test_what_was_not_paid_is_not_given_back(seller: Seller) -> None:
    """Nor what was paid too long ago."""
    for outcome in ("pending_pix", "in_process", "rejected"):
        assert error(seller.refund(seller.paid(outcome), outcome)) == (400, "bad_request")
    number = seller.paid()
    seller.market.ahead(181 * 86_400)
    answer = seller.refund(number, "late")
    assert (answer.status_code, answer.json()["cause"][0]["code"]) == (400, 2024)


def test_refunds_need_a_key(seller: Seller) -> None:
    """Of 1 to 64 characters; so do payments. Preferences need none."""
    number = seller.paid()
    for path, body in ((f"/v1/payments/{number}/refunds", {}), ("/v1/payments", PIX)):
        for key in (None, "", "k" * 65):
            headers = {} if key is None else {"X-Idempotency-Key": key}
            assert error(seller.client.post(path, json=body, headers=headers)) == (400, "bad_request")
    assert seller.read(number)["refunds"] == []
    assert len(seller.market.payments()) == 1


def test_the_same_key_does_one_thing(seller: Seller) -> None:
    """The first answer comes again; another body or path is a conflict; what was refused may be sent corrected."""
    number = seller.paid()
    first = seller.refund(number, "k", amount=5)
    again = seller.refund(number, "k", amount=5)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert error(seller.refund(number, "k", amount=6)) == (409, "conflict")
    assert error(seller.refund(seller.paid(), "k", amount=5)) == (409, "conflict")
    assert seller.read(number)["transaction_amount_refunded"] == 5
    assert seller.refund(number, "wrong", amount=0).status_code == 400
    assert seller.refund(number, "wrong", amount=1).status_code == 201


def test_the_same_key_makes_one_preference(seller: Seller) -> None:
    """Also where the key is not mandatory; without one each call makes its own."""
    headers = {"X-Idempotency-Key": "preference-1"}
    made = [
        seller.client.post("/checkout/preferences", json=seller.offer(), headers=headers).json()["id"] for _ in range(3)
    ]
    assert len({*made}) == 1
    assert seller.preference()["id"] != seller.preference()["id"]


def test_a_key_is_locked_while_its_call_runs(seller: Seller) -> None:
    """Of many equal calls at once one does it and the others are told 423, or its answer when it is done."""
    number = seller.paid()
    seller.market.manner(seconds=0.5)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: seller.refund(number, "same", amount=7), range(8)))
    statuses = [one.status_code for one in answers]
    assert {*statuses} <= {201, 423}
    assert 423 in statuses
    assert len({one.content for one in answers if one.status_code == 201}) == 1
    assert seller.refund(number, "same", amount=7).status_code == 201
    assert seller.read(number)["transaction_amount_refunded"] == 7


def test_a_call_goes_on_when_its_caller_leaves(seller: Seller) -> None:
    """Who gave up waiting finds it done under the same key."""
    number = seller.paid()
    seller.market.manner(seconds=0.6)
    with pytest.raises(httpx.ReadTimeout):
        seller.client.post(
            f"/v1/payments/{number}/refunds",
            headers={"X-Idempotency-Key": "left"},
            timeout=httpx.Timeout(15, read=0.1),
        )
    assert eventually(lambda: seller.refund(number, "left").status_code == 201)
    assert len(seller.read(number)["refunds"]) == 1


def test_cancelling_and_capturing(seller: Seller) -> None:
    """Only what is open can be cancelled, only what is held can be captured, and nothing else can be changed."""

    def put(number: int, **members: Any) -> httpx.Response:
        return seller.client.put(f"/v1/payments/{number}", json=members)

    pending, held = seller.paid("pending_pix"), seller.paid("in_process")
    assert put(pending, status="cancelled").json()["status"] == "cancelled"
    assert error(put(pending, status="cancelled")) == (400, "bad_request")
    seller.market.change(held, "authorize")
    assert seller.read(held)["captured"] is False
    assert put(held, capture=True).json()["status"] == "approved"
    assert error(put(held, status="cancelled")) == (400, "bad_request")
    assert error(put(held, status="approved")) == (400, "bad_request")
    assert error(put(1, status="cancelled")) == (404, "not_found")


def test_direct_pix(seller: Seller) -> None:
    """A pending payment with the code to be copied; it expires by itself, and is told of."""
    answer = pix(seller, notification_url=seller.receiver.url)
    body = answer.json()
    assert answer.status_code == 201
    assert (body["status"], body["status_detail"]) == ("pending", "pending_waiting_transfer")
    assert (body["payment_type_id"], body["external_reference"]) == ("bank_transfer", "order-9")
    code = body["point_of_interaction"]["transaction_data"]["qr_code"]
    assert code.startswith("000201")
    assert "540512.50" in code
    seller.market.ahead(25 * 3600)
    assert (seller.read(body["id"])["status"], seller.read(body["id"])["status_detail"]) == ("cancelled", "expired")
    assert [one["action"] for one in seller.market.deliveries()] == ["payment.created", "payment.updated"]


def test_the_code_ends_with_its_checksum() -> None:
    """CRC-16/CCITT-FALSE over all that is before it, as BR Code wants."""
    code = pix_code(1, Decimal("12.50"))
    register = 0xFFFF
    for byte in code[:-4].encode():
        register ^= byte << 8
        for _ in range(8):
            register = (register << 1) ^ 0x1021 if register & 0x8000 else register << 1
        register &= 0xFFFF
    assert code[-4:] == f"{register:04X}"


@pytest.mark.parametrize(
    "members",
    [
        {"transaction_amount": 0},
        {"transaction_amount": "12"},
        {"payment_method_id": "visa"},
        {"payer": {}},
        {"notification_url": "http://shop.example.org"},
        {"date_of_expiration": "2020-01-01T00:00:00Z"},
        {"date_of_expiration": "soon"},
        {"external_reference": 5},
    ],
)
def test_direct_payments_that_are_not_taken(seller: Seller, members: dict[str, Any]) -> None:
    """400; nothing was made."""
    assert error(pix(seller, **members)) == (400, "bad_request")
    assert seller.market.payments() == []


def test_search_by_reference_in_pages(seller: Seller) -> None:
    """None, one or many of a reference, in order, page by page, each once."""
    made = [pix(seller, key=str(at)).json()["id"] for at in range(7)]
    seller.paid()
    asked = {"external_reference": "order-9", "sort": "date_created", "criteria": "desc", "limit": 3}
    pages = [seller.client.get("/v1/payments/search", params=asked | {"offset": at}).json() for at in (0, 3, 6, 9)]
    assert [one["id"] for page in pages for one in page["results"]] == made[::-1]
    assert [len(page["results"]) for page in pages] == [3, 3, 1, 0]
    assert pages[1]["paging"] == {"total": 7, "limit": 3, "offset": 3}
    none = seller.client.get("/v1/payments/search", params={"external_reference": "nobody"}).json()
    assert none == {"paging": {"total": 0, "limit": 30, "offset": 0}, "results": []}
    rising = seller.client.get("/v1/payments/search", params={"sort": "id", "criteria": "asc"}).json()
    assert [one["id"] for one in rising["results"]][:7] == made


def test_search_between_dates(seller: Seller) -> None:
    """Dates in ISO 8601 or relative to now, of the range that was named."""
    number = seller.paid()
    made = seller.read(number)["date_created"]

    def found(**asked: str) -> int:
        total: int = seller.client.get("/v1/payments/search", params=asked).json()["paging"]["total"]
        return total

    assert found(range="date_created", begin_date="NOW-1HOURS", end_date="NOW") == 1
    assert found(range="date_created", begin_date=made, end_date=made) == 1
    assert found(begin_date="2020-01-01T00:00:00Z", end_date="2020-01-02T00:00:00Z") == 0
    seller.market.ahead(7200)
    assert found(range="date_last_updated", begin_date="NOW-1HOURS", end_date="NOW") == 0
    seller.market.change(number, "charge_back")
    assert found(range="date_last_updated", begin_date="NOW-1HOURS", end_date="NOW") == 1
    assert found(range="date_created", begin_date="NOW-1HOURS", end_date="NOW") == 0
    assert found(status="charged_back") == 1


@pytest.mark.parametrize(
    "query",
    [
        "limit=101",
        "limit=-1",
        "limit=x",
        "offset=99999",
        "sort=colour",
        "criteria=up",
        "range=colour",
        "begin_date=then",
    ],
)
def test_search_that_is_not_understood(seller: Seller, query: str) -> None:
    """400."""
    assert error(seller.client.get(f"/v1/payments/search?{query}")) == (400, "bad_request")
