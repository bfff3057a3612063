"""Orders before they are paid: begun, read, changed and cancelled by whoever has the link."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from esteio.base.clock import TurnableClock
from esteio.services.petstory.links import Link, written
from tests.conftest import House
from tests.house import AMPLE, NO_TLS, Served, altered, eventually
from tests.petstory.shop import ORDERS, Order, Shop, at_once, picture

PASSWORD = "correct horse battery"
UNPAID = (
    *("draft", "photos_uploaded", "preview_queued", "preview_ready", "preview_failed"),
    *("checkout_created", "payment_pending", "payment_rejected"),
)


def test_begun(shop: Shop) -> None:
    """A new order is a draft with a secret link, told without naming anybody, by which it is read again."""
    answer = shop.ask(styles=["line", "cartoon"], born="2020-02-29")
    data = answer.json()["data"]
    order = Order(shop, data["link"], data)
    assert data["url"] == f"https://api.example.org{order.path}"
    assert answer.headers["location"].endswith(order.path)
    shown = order.read()
    assert shown.items() <= data.items()
    assert shown["state"] == "draft" and shown["price"] == "47.00" and shown["version"] == 1
    assert (shop.facts(order.id), shop.noted(order.id)) == (["order.draft"], ["petstory.order.draft"])
    told = shop.served.sql("SELECT data::text AS said FROM outbox WHERE subject = $1", str(order.id))
    assert "maria" not in told[0]["said"] and "sea" not in told[0]["said"] and data["link"] not in told[0]["said"]


def test_nobody_keeps_it(shop: Shop) -> None:
    """What customers are answered is kept by nobody, and tells no other site its address."""
    order = shop.begin()
    for answer in (shop.ask(), order.ask("GET"), order.ask("PATCH", json={"words": ""}), order.ask("POST", "/cancel")):
        assert "no-store" in answer.headers["cache-control"]
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_link_is_not_logged(shop: Shop, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither what succeeds nor what is refused writes the secret link to a log."""
    order = shop.begin()
    order.read()
    order.ask("POST", "/preview")
    order.ask("GET", "/photos/no-uuid")
    assert shop.client.get(f"{ORDERS}/{order.link[:-1]}A").status_code in (200, 404)
    said = _logged(capfd, "/orders/{link}/preview")
    assert order.link not in said and order.link[:-1] not in said


def _logged(capfd: pytest.CaptureFixture[str], until: str) -> str:
    """Everything that was written, once this is."""
    seen: list[str] = []

    def look() -> bool:
        out, err = capfd.readouterr()
        seen.extend((out, err))
        return until in "".join(seen)

    eventually(look)
    return "".join(seen)


def _forged(served: Served, order: UUID, number: int) -> str:
    return written(served.app.resources.keyring, "order", Link(order, number))


def _wrong_links(shop: Shop, order: Order) -> dict[str, str]:
    return {
        "altered": altered(order.link, 30),
        "cut off": order.link[:-1],
        "another number": _forged(shop.served, order.id, 2),
        "another order": _forged(shop.served, uuid4(), 1),
        "for another purpose": written(shop.served.app.resources.keyring, "tribute", Link(order.id, 1)),
        "no link": "x",
        "not of ASCII": "%C3%A9" * 5,
    }


@pytest.mark.parametrize("method, below", [("GET", ""), ("PATCH", ""), ("POST", "/cancel"), ("POST", "/preview")])
def test_other_links(shop: Shop, method: str, below: str) -> None:
    """A link that was altered, made for something else, or is revoked, opens nothing."""
    order = shop.begin()
    options = {"json": {"words": "mine"}} if method == "PATCH" else {}
    for kind, link in _wrong_links(shop, order).items():
        answer = shop.client.request(method, f"{ORDERS}/{link}{below}", **options)
        assert answer.status_code == 404, (kind, answer.text)
    assert shop.row(order.id)["version"] == 1
    shop.put(order.id, link=2)
    assert order.ask(method, below, **options).status_code == 404
    order.link = _forged(shop.served, order.id, 2)
    assert order.state == "draft"


def stranger(served: Served) -> httpx.Client:
    """The administrator of another tenant."""
    slug = f"t-{uuid4().hex[:8]}"
    first = {"email": f"boss@{slug}.example", "name": "Boss", "password": PASSWORD}
    made = served.client.post("/api/v2/tenants", json={"slug": slug, "name": slug, "admin": first})
    assert made.status_code == 201, made.text
    entered = served.anonymous.post("/api/v2/auth/login", json={"email": first["email"], "password": PASSWORD})
    token = entered.json()["data"]["access_token"]
    return httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {token}"}, timeout=AMPLE, verify=NO_TLS)


def test_other_tenants(shop: Shop) -> None:
    """Whoever is proved to be of another tenant finds no orders, with the right link either, and begins none."""
    order = shop.begin()
    with stranger(shop.served) as client:
        assert client.get(order.path).status_code == 404
        assert client.post(f"{order.path}/photos").status_code == 404
        assert client.post(ORDERS, json={"email": "a@example.org", "pet_name": "Rex"}).status_code == 404
    assert shop.served.client.get(order.path).status_code == 200


@pytest.mark.parametrize(
    "field, value",
    [
        ("email", "no address"),
        ("email", "a@b"),
        ("pet_name", ""),
        ("pet_name", "x" * 101),
        ("words", "x" * 4001),
        ("words", "\x00"),
        ("language", "de"),
        ("styles", []),
        ("styles", ["line", "line"]),
        ("styles", ["oil"]),
        ("born", "2027-01-01"),
        ("price", "0.01"),
        ("state", "paid"),
    ],
)
def test_refused_members(shop: Shop, field: str, value: Any) -> None:
    """What an order cannot be is refused, naming the member, when it is begun and when it is changed."""
    order = shop.begin()
    for answer in (shop.ask(**{field: value}), order.ask("PATCH", json={field: value})):
        assert answer.status_code == 422, answer.text
        assert any((item["field"] or "").startswith(field) for item in answer.json()["errors"]), answer.text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("email", "maria", "Write an e-mail address, such as maria@example.org"),
        ("email", "", "Write an e-mail address, such as maria@example.org"),
        ("pet_name", "  ", "Write at least 1 character"),
        ("pet_name", "x" * 101, "Write at most 100 characters"),
        ("words", "x" * 4001, "Write at most 4000 characters"),
    ],
)
def test_words_for_people(shop: Shop, field: str, value: str, said: str) -> None:
    """Who wrote something wrong is told how to write it, in words that a person can be shown."""
    errors = shop.ask(**{field: value}).json()["errors"]
    assert [(error["field"], error["message"]) for error in errors] == [(field, said)]


def test_text_is_text(shop: Shop) -> None:
    """Names and words come back as they were sent, whatever is written in them."""
    name = 'Rex <script> & "Füß" 犬 #{1+1} $x$'
    order = shop.begin(pet_name=name, words=name * 3)
    shown = order.read()
    assert (shown["pet_name"], shown["words"]) == (name, name * 3)


def test_changed(shop: Shop) -> None:
    """Before the checkout everything may change, and only what is named does."""
    order = shop.begin()
    before = order.read()
    changes = {
        "email": "joao@example.org",
        "pet_name": "Bella",
        "species": "cat",
        "breed": "Siamese",
        "born": "2021-05-01",
        "words": "",
        "language": "es",
        "styles": ["cartoon"],
        "tribute": False,
    }
    assert order.change(**changes).items() >= {**changes, "version": 2, "state": "draft"}.items()
    assert order.change(breed=None) == {**order.data, "breed": None} and order.data["version"] == 3
    assert order.data["created_at"] == before["created_at"] and order.link


def test_conditions(shop: Shop) -> None:
    """If-Match lets a change through only at the version that it names; the refusal shows the present order."""
    order = shop.begin()
    first = order.ask("GET").headers["etag"]
    assert order.ask("PATCH", json={"words": "one"}, headers={"If-Match": first}).status_code == 200
    refused = order.ask("PATCH", json={"words": "two"}, headers={"If-Match": first})
    assert refused.status_code == 412
    assert refused.json()["data"]["words"] == "one" and refused.json()["data"]["price"] == "47.00"
    present = order.ask("GET")
    assert order.ask("GET", headers={"If-None-Match": present.headers["etag"]}).status_code == 304
    assert order.ask("PATCH", json={"words": "two"}, headers={"If-Match": present.headers["etag"]}).status_code == 200
    assert order.ask("GET", headers={"If-None-Match": present.headers["etag"]}).status_code == 200


@pytest.mark.parametrize("state", ["preview_queued", "checkout_created", "payment_pending", "paid", "delivered"])
def test_only_the_tribute(shop: Shop, state: str) -> None:
    """After the checkout, and while the preview is drawn, only `tribute` changes; the refusal names the member."""
    order = shop.begin()
    order.put(state)
    for name, value in {"words": "late", "styles": ["cartoon"], "email": "x@example.org"}.items():
        refused = order.ask("PATCH", json={"tribute": False, name: value})
        assert refused.status_code == 409
        problem = refused.json()["errors"][0]
        assert (problem["code"], problem["field"], problem["pointer"]) == ("ORDER_STATE", name, f"#/{name}")
    assert shop.row(order.id)["tribute"]
    assert order.change(tribute=False)["tribute"] is False


@pytest.mark.parametrize("state", ["preview_ready", "preview_failed"])
def test_other_styles_want_another_preview(shop: Shop, state: str) -> None:
    """After a preview other styles send the order back to its photos; other words, and the same styles, do not."""
    order = shop.begin()
    order.put(state)
    assert order.change(words="more", styles=["line"])["state"] == state
    assert order.change(styles=["watercolour", "line"])["state"] == "photos_uploaded"
    assert shop.facts(order.id)[-1] == "order.photos_uploaded"


@pytest.mark.parametrize("state", UNPAID)
def test_cancelled(shop: Shop, state: str) -> None:
    """An unpaid order is cancelled whatever it is waiting for: it has expired, and its photos go at once."""
    order = shop.with_photos(picture(1), picture(2))
    photo = order.data["photos"][0]["id"]
    order.put(state)
    shown = order.cancel()
    assert (shown["state"], shown["reason"], shown["photos"]) == ("expired", "cancelled by the customer", [])
    assert order.ask("GET", f"/photos/{photo}").status_code == 404
    row = shop.row(order.id)
    assert row["ended_at"] is not None and row["photos_purged_at"] is not None
    assert _living_files(shop, order.id) == 0
    version = shown["version"]
    assert order.cancel()["version"] == version


def _living_files(shop: Shop, order: UUID) -> int:
    found = shop.served.sql(
        "SELECT count(*) FROM petstory_photos p JOIN files f ON f.id = p.file_id "
        "WHERE p.order_id = $1 AND f.deleted_at IS NULL",
        order,
    )
    return int(found[0]["count"])


@pytest.mark.parametrize("state", ["paid", "producing", "delivered", "refunded", "charged_back"])
def test_not_cancelled(shop: Shop, state: str) -> None:
    """What was paid is not cancelled by a link."""
    order = shop.with_photos()
    order.put(state)
    answer = order.ask("POST", "/cancel")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "ORDER_STATE")
    assert len(order.read()["photos"]) == 1


def test_orders_of_an_address(house: House, clock: TurnableClock) -> None:
    """An address begins as many orders an hour as the settings say, however written and however many at once."""
    with house(clock=clock, PETSTORY__ORDERS_EMAIL="3", LIMITS__ENABLED="false") as served:
        shop = Shop.at(served)
        spelled = ("Ana@example.org", "ana@EXAMPLE.org", "ANA@example.org")
        answers = at_once(8, lambda number: shop.ask(email=spelled[number % 3]))
        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [429] * 5
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.json()["errors"][0]["code"] == "UPLOADS_EXHAUSTED"
        assert refused.headers["retry-after"] == "3600"
        assert served.sql("SELECT count(*) FROM petstory_customers")[0]["count"] == 1
        other = shop.begin(email="bia@example.org")
        assert other.ask("PATCH", json={"email": "ana@example.org"}).status_code == 429
        clock.turn(3600)
        assert shop.ask(email="ana@example.org").status_code == 201
        assert other.change(email="ana@example.org")["email"].lower() == "ana@example.org"
