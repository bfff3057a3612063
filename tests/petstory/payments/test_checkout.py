"""Beginning to pay: one preference however often and however broken it is asked for."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import monotonic
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from esteio.base.clock import TurnableClock
from esteio.manifest import Degraded
from esteio.services.petstory.health import health
from esteio.services.petstory.payments.preferences import Offer, body_of
from esteio.services.petstory.settings import PetstorySettings
from esteio.standins.mercadopago.running import TOKEN, Market, running_mercadopago
from tests.conftest import House
from tests.contract.problems import problem
from tests.petstory.payments.till import Till, paying, well
from tests.petstory.shop import Order, Shop


def sent(till: Till, order: Order) -> tuple[dict[str, Any], str]:
    """The order's preference at the market, and its JSON as it is written."""
    path = f"{till.market.url}/checkout/preferences/{till.preference(order)}"
    text = httpx.get(path, headers={"Authorization": f"Bearer {TOKEN}"}).text
    return json.loads(text), text


def test_what_is_offered(till: Till) -> None:
    """The market learns what is sold, for how much to the cent, until when, whom to tell, and the e-mail address."""
    order = till.ready(pet_name="Rex", language="en")
    answer = till.ask(order)
    view = answer.json()["data"]
    offer, text = sent(till, order)
    assert '"unit_price":47.00' in text.replace(" ", "")
    [item] = offer["items"]
    assert (item["quantity"], item["currency_id"]) == (1, "BRL")
    assert offer["payer"]["email"] == "maria@example.org"
    assert offer["external_reference"] == str(order.id)
    about = text.replace(order.link, "")
    assert "Rex" not in about and "sea" not in about
    back = f"https://api.example.org/petstory/orders/{order.link}"
    assert {offer["back_urls"][name] for name in ("success", "pending", "failure")} == {back}
    assert offer["auto_return"] == "approved" and offer["expires"] is True
    told = "https://api.example.org/api/v2/petstory/webhooks/mercadopago?source_news=webhooks"
    assert offer["notification_url"] == told
    first, last = (datetime.fromisoformat(offer[f"expiration_date_{name}"]) for name in ("from", "to"))
    assert last - first == timedelta(hours=24) and offer["date_of_expiration"] == offer["expiration_date_to"]
    assert offer["expiration_date_to"][19] == "." and offer["expiration_date_to"][23] in "+-"
    assert view["url"] == offer["sandbox_init_point"] and Decimal(view["amount"]) == Decimal("47.00")
    assert "no-store" in answer.headers["cache-control"]


def test_asked_again(till: Till) -> None:
    """The same page as before; the order shows it, and moves once."""
    order = till.ready()
    first, second = till.ask(order), till.ask(order)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["data"] == second.json()["data"]
    assert order.read()["checkout"]["url"] == first.json()["data"]["url"]
    assert till.shop.facts(order.id).count("order.checkout_created") == 1
    assert till.preferences(order) == 1


def test_twenty_at_once(till: Till) -> None:
    """Who asks while the same is being asked waits for it: one preference, one address, all answered."""
    order = till.ready()
    till.market.manner(seconds=0.5)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: till.ask(order), range(20)))
    assert {answer.status_code for answer in answers} <= {200, 201}, [answer.text for answer in answers]
    assert [answer.status_code for answer in answers].count(201) == 1
    assert len({answer.json()["data"]["url"] for answer in answers}) == 1
    assert till.preferences(order) == 1
    assert till.shop.noted(order.id).count("petstory.order.checkout_created") == 1


@pytest.mark.parametrize("fault", ["truncated", "cut_json", "hang"])
def test_the_answer_is_lost(till: Till, fault: str) -> None:
    """The preference was made but nobody heard of it: the order is as it was, the next gets that very preference."""
    order = till.ready()
    till.market.fault(fault, "/checkout/preferences", 30.0 if fault == "hang" else None)
    refused = till.ask(order)
    problem(refused, 503, "UPSTREAM_UNAVAILABLE")
    assert int(refused.headers["retry-after"]) >= 1
    assert till.state(order) == "preview_ready" and order.read()["checkout"] is None
    till.market.fault("none")
    answer = till.ask(order)
    assert answer.status_code == 201, answer.text
    assert till.preferences(order) == 1


def test_the_market_is_down(till: Till) -> None:
    """Nothing half done: 503 with when to come back; then it goes on with the key that was written down."""
    order = till.ready()
    till.market.fault("refused")
    problem(till.ask(order), 503, "UPSTREAM_UNAVAILABLE")
    till.market.fault("none")
    assert till.ask(order).status_code == 201
    rows = till.shop.served.sql("SELECT count(*) FROM petstory_checkouts WHERE order_id = $1", order.id)
    assert rows[0][0] == 1 and till.state(order) == "checkout_created"


def test_the_token_is_not_taken(till: Till) -> None:
    """A wrong token is the operator's to mend: the customer is told to come back."""
    order = till.ready()
    till.market.fault("unauthorized")
    answer = till.ask(order)
    problem(answer, 503, "UPSTREAM_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) >= 60


def test_another_address_of_mail(till: Till) -> None:
    """A call that was begun for something else is not sent with its key."""
    order = till.ready()
    till.market.fault("truncated", "/checkout/preferences")
    till.ask(order)
    till.market.fault("none")
    order.change(email="joao@example.org")
    order.put("preview_ready")
    assert till.ask(order).status_code == 201
    assert sent(till, order)[0]["payer"]["email"] == "joao@example.org"


def test_states_that_cannot_be_paid(till: Till) -> None:
    """Before a preview and after the payment there is nothing to check out."""
    order = till.ready()
    for state in (
        "draft",
        "photos_uploaded",
        "preview_queued",
        "paid",
        "producing",
        "delivered",
        "refunded",
        "expired",
    ):
        order.put(state)
        problem(till.ask(order), 409, "ORDER_STATE")


def test_after_a_rejected_payment(till: Till) -> None:
    """It can be paid once more, at the page that still lives."""
    order = till.checked_out()
    url = till.ask(order).json()["data"]["url"]
    till.pay(order, "rejected")
    till.work()
    assert till.state(order) == "payment_rejected"
    again = till.ask(order)
    assert (again.status_code, again.json()["data"]["url"]) == (200, url)
    assert till.state(order) == "checkout_created"


def test_a_new_one_after_it_expired(till: Till) -> None:
    """A page that nobody can pay at any more is not given out again."""
    order = till.ready()
    first = till.ask(order).json()["data"]
    till.shop.served.sql(
        "UPDATE petstory_checkouts SET expires_at = created_at, created_at = created_at - interval '1 day' "
        "WHERE order_id = $1",
        order.id,
    )
    answer = till.ask(order)
    assert answer.status_code == 201 and answer.json()["data"]["url"] != first["url"]
    looked = till.shop.served.sql(
        "SELECT look_at FROM petstory_checkouts WHERE order_id = $1 ORDER BY created_at", order.id
    )
    assert looked[0]["look_at"] is None and looked[1]["look_at"] is not None


def test_other_links(till: Till) -> None:
    """Somebody else's link, and a revoked one, lead to nothing."""
    order = till.ready()
    till.shop.put(order.id, link=2)
    problem(till.ask(order), 404, "NOT_FOUND")
    assert till.preferences(order) == 0


@pytest.fixture(scope="module")
def real() -> Iterator[Market]:
    with running_mercadopago(live=True) as running:
        yield running


class TestElsewhere:
    def test_real_money(self, house: House, real: Market) -> None:
        """With real money the other page is given out."""
        with house(**paying(real, PETSTORY__MERCADOPAGO_LIVE="true")) as served:
            till = Till(Shop.at(served), real)
            order = till.ready()
            assert till.ask(order).json()["data"]["url"] == sent(till, order)[0]["init_point"]

    def test_without_a_market(self, house: House) -> None:
        """Where nobody takes payments that is said, and no notification is taken."""
        with house(LIMITS__ENABLED="false") as served:
            shop = Shop.at(served)
            order = shop.begin()
            order.put("preview_ready")
            problem(order.ask("POST", "/checkout"), 503, "PAYMENTS_OFF")
            problem(shop.client.post("/api/v2/petstory/webhooks/mercadopago"), 404, "NOT_FOUND")

    def test_on_this_machine(self, house: House, real: Market) -> None:
        """Without https nobody is sent back by itself, which the real one would refuse."""
        given = paying(real, PETSTORY__MERCADOPAGO_LIVE="true", HTTP__PUBLIC_URL="http://127.0.0.1:8000")
        with house(**given) as served:
            till = Till(Shop.at(served), real)
            order = till.ready()
            assert till.ask(order).status_code == 201
            offer, _ = sent(till, order)
            assert offer["auto_return"] == "" and offer["notification_url"].startswith("http://127.0.0.1:8000/api/v2/")


@pytest.mark.parametrize(
    ("base", "market", "told"),
    [
        ("https://shop.example.org", "https://api.mercadopago.com", True),
        ("http://shop.example.org", "https://api.mercadopago.com", False),
        ("http://127.0.0.1:8000", "https://api.mercadopago.com", False),
        ("https://localhost:8443", "https://api.mercadopago.com", False),
        ("https://127.0.0.1", "https://api.mercadopago.com", False),
        ("http://127.0.0.1:8000", "http://127.0.0.1:9999", True),
        ("http://127.0.0.1:8000", "http://localhost:9999", True),
    ],
)
def test_who_can_be_told(base: str, market: str, told: bool) -> None:
    """An address that the market would refuse is not named: the checkout itself would be refused with it."""
    now = datetime(2026, 11, 1, tzinfo=UTC)
    offer = Offer(
        order=UUID(int=1),
        token="t",
        email=None,
        language="en",
        amount=Decimal(47),
        currency="BRL",
        since=now,
        until=now,
    )
    assert ("notification_url" in json.loads(body_of(offer, base=base, market=market))) is told


@pytest.mark.parametrize(
    ("token", "live", "unwell"), [("TEST-1", True, True), ("TEST-1", False, False), ("APP_USR-1", True, False)]
)
def test_a_token_of_tests_for_real_money(token: str, live: bool, unwell: bool) -> None:
    """Where money is real and the token is that of tests no payment would be believed, and health says so."""
    section = PetstorySettings(
        mercadopago_access_token=SecretStr(token), mercadopago_webhook_secret=SecretStr("s"), mercadopago_live=live
    )

    async def look() -> None:
        await health(section)["petstory.payments"](None)  # type: ignore[arg-type]

    if unwell:
        with pytest.raises(Degraded, match="MERCADOPAGO_LIVE"):
            asyncio.run(look())
    else:
        asyncio.run(look())


def test_nobody_waits_for_a_silent_market(house: House, clock: TurnableClock, market: Market) -> None:
    """A customer is asked to come again within two seconds; what was asked for meanwhile is what the next one gets."""
    well(market)
    with house(clock=clock, **paying(market, PETSTORY__CHECKOUT_WAIT="1.8")) as served:
        till = Till(Shop.at(served), market)
        order = till.ready()
        till.market.fault("hang", "/checkout/preferences", 60.0)
        began = monotonic()
        problem(till.ask(order), 503, "UPSTREAM_UNAVAILABLE")
        assert monotonic() - began < 5.5, "the market's own time is 6 s"
        till.market.fault("none")
        assert till.ask(order).status_code == 201
        assert till.preferences(order) == 1
