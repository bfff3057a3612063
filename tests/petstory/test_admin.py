"""What who manages orders sees and does: within its tenant and permissions, audited, only where it makes sense."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest

from esteio.base.clock import TurnableClock
from esteio.services.petstory.states import PAID, STATES, UNPAID
from esteio.standins.mercadopago.running import Market
from tests.conftest import House
from tests.house import AMPLE, NO_TLS, Served
from tests.petstory.furnishing import Furnished, furnish
from tests.petstory.payments.till import Till, paying
from tests.petstory.post import BOOK, Office
from tests.petstory.shop import Shop

ADMIN = "/api/v2/petstory/admin"
ORDERS = f"{ADMIN}/orders"
ACTS = ("retry", "mail", "expire", "revoke-links", "refund")
REFUND = {"reason": "asked for by the customer"}


@pytest.fixture(scope="module")
def clock() -> TurnableClock:
    """Begins at the time of the market, which has its own."""
    return TurnableClock(datetime.now(UTC))


@pytest.fixture(scope="module")
def served(house: House, clock: TurnableClock, market: Market, files: Any) -> Iterator[Served]:
    with house(clock=clock, FILES__URL=f"file://{files}", **paying(market)) as running:
        yield running


@pytest.fixture
def office(served: Served) -> Office:
    return Office(served)


@pytest.fixture
def till(served: Served, market: Market) -> Till:
    return Till(Shop.at(served), market)


def read(office: Office, order: Any) -> dict[str, Any]:
    answer = office.served.client.get(f"{ORDERS}/{order.id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def act(office: Office, order: Any, name: str, **options: Any) -> httpx.Response:
    if name == "refund":
        options.setdefault("json", REFUND)
    return office.served.client.post(f"{ORDERS}/{order.id}/{name}", **options)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def acts_of(office: Office, order: Any) -> list[str]:
    rows = office.served.sql("SELECT action, actor FROM audit_log WHERE subject = $1 ORDER BY position", str(order.id))
    assert all(row["actor"] not in ("", "customer") for row in rows)
    return [row["action"] for row in rows]


def stranger(served: Served) -> httpx.Client:
    """The administrator of another tenant."""
    slug = f"t-{uuid4().hex[:8]}"
    first = {"email": f"boss@{slug}.example", "name": slug, "password": "correct horse battery"}
    made = served.client.post("/api/v2/tenants", json={"slug": slug, "name": slug, "admin": first})
    assert made.status_code == 201, made.text
    entered = served.anonymous.post("/api/v2/auth/login", json={"email": first["email"], "password": first["password"]})
    token = entered.json()["data"]["access_token"]
    return httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {token}"}, timeout=AMPLE, verify=NO_TLS)


def test_everything(office: Office) -> None:
    """One order is shown with all that belongs to it, whose ETag changes with any of it."""
    order = office.order("emailed")
    data = read(office, order)
    assert (len(data["photos"]), len(data["arts"]), len(data["mails"])) == (2, 4, 1)
    assert data["email"] == f"{order.id}@example.org" and data["book"] is True and data["price"] == "47.00"
    assert data["mails"][0]["answer"].startswith("550 5.1.1") and data["payments"] == []
    first = office.served.client.get(f"{ORDERS}/{order.id}")
    assert "no-store" in first.headers["cache-control"]
    known = {"If-None-Match": first.headers["etag"]}
    assert office.served.client.get(f"{ORDERS}/{order.id}", headers=known).status_code == 304
    office.served.sql("UPDATE petstory_mails SET state = 'sent' WHERE order_id = $1", order.id)
    assert office.served.client.get(f"{ORDERS}/{order.id}", headers=known).status_code == 200
    assert "link" not in data and office.link(order) not in first.text


def test_list(office: Office, clock: TurnableClock) -> None:
    """Orders are found by state, customer, time and doubt, and both paginations give each of them once."""
    orders = furnish(office.served, [("emailed", 400 + place) for place in range(5)])
    odd = furnish(office.served, [("preview_failed", 403.5)])[0]
    doubt(office, odd)
    since, before = clock.now() - timedelta(days=404.5), clock.now() - timedelta(days=399)
    span = {"created_since": since.isoformat(), "created_before": before.isoformat()}
    newest = [str(one.id) for one in (*orders[:4], odd, orders[4])]
    assert numbered(office, **span) == newest and by_cursor(office, **span) == newest
    assert numbered(office, sort_order="asc", **span) == by_cursor(office, sort_order="asc", **span) == newest[::-1]
    assert numbered(office, sort_by="state", **span) == by_cursor(office, sort_by="state", **span)
    assert numbered(office, state="preview_failed", **span) == [str(odd.id)] == numbered(office, doubt=True, **span)
    assert str(odd.id) not in by_cursor(office, doubt=False, **span)
    assert numbered(office, email=f" {str(orders[0].id).upper()}@Example.org ") == [str(orders[0].id)]
    row = office.served.client.get(ORDERS, params={"email": f"{odd.id}@example.org"}).json()["data"][0]
    assert (row["doubt"], row["price"], row["state"]) == (True, "47.00", "preview_failed")


def doubt(office: Office, order: Furnished) -> None:
    office.served.sql(
        "INSERT INTO petstory_payments (id, tenant_id, order_id, number, status, amount, refunded, currency, live,"
        " doubt, changed_at, first_seen_at, seen_at) SELECT id, tenant_id, id, 'n-' || id, 'approved', 1, 0, 'BRL',"
        " false, 'amount', now(), now(), now() FROM petstory_orders WHERE id = $1",
        order.id,
    )


def numbered(office: Office, **asked: Any) -> list[str]:
    found: list[str] = []
    for page in range(1, 10):
        answer = office.served.client.get(ORDERS, params={**asked, "page": page, "per_page": 2}).json()
        found += [row["id"] for row in answer["data"]]
        if not answer["meta"]["pagination"]["has_next"]:
            assert answer["meta"]["pagination"]["total"] == len(found)
            break
    return found


def by_cursor(office: Office, **asked: Any) -> list[str]:
    found: list[str] = []
    said: dict[str, Any] = {**asked, "limit": 2}
    for _ in range(10):
        answer = office.served.client.get(ORDERS, params=said).json()
        found += [row["id"] for row in answer["data"]]
        cursor = answer["meta"]["pagination"]["next"]
        if cursor is None:
            break
        said = {"limit": 2, "cursor": cursor}
    return found


def test_permissions(office: Office) -> None:
    """Who may read may not act, who may act may not give money back, and who has neither sees nothing."""
    order = office.order("email_failed")
    held = {"petstory:orders": [], "petstory:manage": ["retry", "mail", "revoke-links"], "petstory:refund": []}
    for permission, allowed in held.items():
        with office.served.with_key(office.served.key(permission)) as client:
            reads = client.get(ORDERS).status_code, client.get(f"{ORDERS}/{order.id}").status_code
            assert reads == ((200, 200) if permission == "petstory:orders" else (403, 403))
            for name in ACTS:
                answer = client.post(f"{ORDERS}/{order.id}/{name}", json=REFUND if name == "refund" else None)
                may = name in allowed or (name, permission) == ("refund", "petstory:refund")
                assert (answer.status_code != 403) == (may or (name == "expire" and permission == "petstory:manage"))
    with office.served.with_key(office.served.key("pets:write")) as nobody:
        assert nobody.get(f"{ADMIN}/summary").status_code == 403
    assert office.served.anonymous.get(ORDERS).status_code == 401


def test_other_tenants(office: Office) -> None:
    """Who manages another tenant finds none of the orders, and does nothing to any."""
    order = office.order("email_failed")
    photo = office.served.sql("SELECT id FROM petstory_photos WHERE order_id = $1", order.id)[0]["id"]
    with stranger(office.served) as client:
        assert client.get(ORDERS).json()["data"] == []
        summary = client.get(f"{ADMIN}/summary").json()["data"]
        assert summary == {"orders": {}, "received": {}, "failed_mails": 0, "doubts": 0}
        for below in ("", "/book", f"/photos/{photo}"):
            assert client.get(f"{ORDERS}/{order.id}{below}").status_code == 404
        for name in ACTS:
            answer = client.post(f"{ORDERS}/{order.id}/{name}", json=REFUND if name == "refund" else None)
            assert answer.status_code == 404
    assert office.row(order)["version"] == 1


def test_files(office: Office) -> None:
    """The book and the photos can be looked at without the order being delivered; those of others are not here."""
    order, other = office.order("emailed"), office.order("emailed")
    client = office.served.client
    photos = office.served.sql("SELECT id FROM petstory_photos WHERE order_id = $1", order.id)
    assert client.get(f"{ORDERS}/{order.id}/book").content == BOOK
    assert client.get(f"{ORDERS}/{order.id}/book", headers={"Range": "bytes=1-"}).content == BOOK[1:]
    assert client.get(f"{ORDERS}/{order.id}/photos/{photos[0]['id']}").content == b"photo"
    assert client.get(f"{ORDERS}/{other.id}/photos/{photos[0]['id']}").status_code == 404
    assert code(client.get(f"{ORDERS}/{office.order('refunded').id}/book")) == (410, "FILE_GONE")
    assert office.state(order)[0] == "emailed"


@pytest.mark.parametrize("state", STATES)
def test_only_where_it_makes_sense(office: Office, state: Any) -> None:
    """What a state does not allow is refused in words, and changes nothing."""
    allowed = {
        "retry": state in ("preview_failed", "production_failed", "email_failed"),
        "mail": state in ("produced", "emailed", "email_failed", "delivered"),
        "expire": state in UNPAID,
        "refund": False,
    }
    for name, may in allowed.items():
        order = office.order(state)
        if state in ("preview_failed", "production_failed"):
            office.served.sql("UPDATE petstory_arts SET state = 'failed' WHERE order_id = $1", order.id)
        answer = act(office, order, name)
        if may:
            assert answer.status_code in (200, 202), answer.text
            assert acts_of(office, order)
        else:
            assert code(answer) == (409, "REFUND_REFUSED" if name == "refund" else "ORDER_STATE")
            assert office.row(order)["version"] == 1 and acts_of(office, order) == []


def test_retried(office: Office) -> None:
    """What has failed is begun again: the preview's pictures, the book's job, the mail."""
    preview, book, mail = (office.order(state) for state in ("preview_failed", "production_failed", "email_failed"))
    office.served.sql(
        "UPDATE petstory_arts SET state = 'failed' WHERE order_id = ANY ($1::uuid[])", [preview.id, book.id]
    )
    shown = act(office, preview, "retry").json()["data"]
    assert shown["state"] == "preview_queued" and sum(art["state"] == "queued" for art in shown["arts"]) == 2
    assert act(office, book, "retry").status_code == 202
    assert jobs(office, "petstory.produce", book) == 1 and "petstory.order.retried" in acts_of(office, book)
    act(office, book, "retry")
    assert jobs(office, "petstory.produce", book) == 1
    assert act(office, mail, "retry").status_code == 202 and jobs(office, "petstory.send_mail", mail) == 1
    assert code(act(office, mail, "mail")) == (409, "ORDER_STATE")
    assert jobs(office, "petstory.send_mail", mail) == 1


def jobs(office: Office, name: str, order: Furnished) -> int:
    """How many of a name there are of the order."""
    query = "SELECT count(*) FROM jobs WHERE name = $1 AND payload::text LIKE $2"
    return int(office.served.sql(query, name, f"%{order.id}%")[0][0])


@pytest.mark.parametrize("state", ["preview_failed", "production_failed"])
def test_another_photo_is_needed(office: Office, state: Any) -> None:
    """Where a photo was refused trying again would change nothing, and is refused."""
    order = office.order(state)
    office.served.sql("UPDATE petstory_arts SET state = 'refused' WHERE order_id = $1", order.id)
    answer = act(office, order, "retry")
    assert code(answer) == (409, "ORDER_STATE") and "another" in answer.json()["detail"]


def test_expired(office: Office) -> None:
    """An order that is ended has no photos and pictures any more."""
    order = office.order("preview_ready")
    data = act(office, order, "expire").json()["data"]
    assert (data["state"], data["reason"]) == ("expired", "ended by an operator")
    assert data["photos"] == data["arts"] == [] and data["photos_purged_at"] is not None
    left = office.served.sql(
        "SELECT count(*) FROM files WHERE deleted_at IS NULL AND key = ANY ($1::text[])",
        [key for keys in order.objects.values() for key in keys],
    )
    assert left[0][0] == 0


def test_revoked(office: Office) -> None:
    """What was given out before leads nowhere, the answer's links do, and a repeated request makes no third ones."""
    order = office.order("emailed")
    old, tribute = office.link(order), office.link(order, "tribute")
    key = {"Idempotency-Key": uuid4().hex}
    data = act(office, order, "revoke-links", headers=key).json()["data"]
    assert act(office, order, "revoke-links", headers=key).json()["data"] == data
    client = office.served.anonymous
    gone = (f"/api/v2/petstory/orders/{old}", f"/api/v2/petstory/orders/{old}/book", f"/petstory/orders/{old}")
    for path in (*gone, f"/petstory/tributes/{tribute}"):
        assert client.get(path).status_code == 404, path
    assert client.get(f"/api/v2/petstory/orders/{data['link']}").status_code == 200
    for address in (data["url"], data["page"], data["tribute_url"]):
        assert client.get(address.removeprefix("https://api.example.org")).status_code == 200
    assert acts_of(office, order) == ["petstory.order.links_revoked"]


def test_the_printed_address_is_spared(office: Office) -> None:
    """The customer's link alone can be made void: what is printed in the book still leads to the tribute page."""
    order = office.order("emailed")
    old, tribute = office.link(order), office.link(order, "tribute")
    assert act(office, order, "revoke-links", params={"tribute": "false"}).status_code == 200
    assert office.served.anonymous.get(f"/petstory/orders/{old}").status_code == 404
    assert office.served.anonymous.get(f"/petstory/tributes/{tribute}").status_code == 200


def test_money_given_back(office: Office, till: Till) -> None:
    """Parts and the rest of what was paid go back once each, and the sums of order, ledger and summary agree."""
    order, _ = till.paid()
    before = office.served.client.get(f"{ADMIN}/summary").json()["data"]
    key = {"Idempotency-Key": uuid4().hex}
    part = {**REFUND, "amount": "10.50"}
    assert act(office, order, "refund", json=part, headers=key).status_code == 202
    assert act(office, order, "refund", json=part, headers=key).status_code == 202
    data = read(office, order)
    assert [(one["amount"], one["state"]) for one in data["refunds"]] == [("10.50", "asked")]
    assert data["refunds"][0]["asked_by"] not in ("", "customer")
    till.work()
    data = read(office, order)
    assert (data["received"], data["state"], data["refunds"][0]["state"]) == ("36.50", "paid", "done")
    assert code(act(office, order, "refund", json={**REFUND, "amount": "36.51"})) == (409, "REFUND_REFUSED")
    assert act(office, order, "refund").status_code == 202
    till.work()
    data = read(office, order)
    assert (data["received"], data["state"]) == ("0.00", "refunded")
    assert sum(Decimal(event["delta"]) for event in data["payment_events"]) == 0
    assert [mail["kind"] for mail in data["mails"]] == ["refunded"]
    steps = [step["action"] for step in data["steps"]]
    assert steps.count("petstory.refund.done") == 2 and steps[-1].startswith("petstory.")
    after = office.served.client.get(f"{ADMIN}/summary").json()["data"]
    assert Decimal(before["received"]["BRL"]) - Decimal(after["received"]["BRL"]) == Decimal("47.00")
    assert after["orders"]["refunded"] == before["orders"].get("refunded", 0) + 1


@pytest.mark.parametrize("amount", ["0", "-1", "1.001", "many", True, "1e400"])
def test_no_such_amount(office: Office, amount: Any) -> None:
    """An amount that is none is refused, naming the member."""
    answer = act(office, office.order("paid"), "refund", json={**REFUND, "amount": amount})
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "amount"


def test_summary(office: Office) -> None:
    """The summary counts what the list shows, the mails that did not go, and the payments that are not believed."""
    first = office.served.client.get(f"{ADMIN}/summary").json()["data"]
    orders = furnish(office.served, [(state, 0.0) for state in sorted(PAID)])
    doubt(office, orders[0])
    office.served.sql("UPDATE petstory_mails SET state = 'sent' WHERE order_id = $1", orders[1].id)
    second = office.served.client.get(f"{ADMIN}/summary").json()["data"]
    for state in PAID:
        assert second["orders"][state] == first["orders"].get(state, 0) + 1
    assert second["doubts"] == first["doubts"] + 1
    assert second["failed_mails"] == first["failed_mails"] + len(orders) - 1
    office.mail(orders[2])
    third = office.served.client.get(f"{ADMIN}/summary").json()["data"]
    assert third["failed_mails"] == second["failed_mails"] - 1


def test_health(house: House, office: Office) -> None:
    """Detailed health says what keeps the shop from working, and nothing where it works."""
    parts = office.served.client.get("/api/v2/health?detailed=true").json()["data"]["parts"]
    assert (parts["petstory.payments"], parts["petstory.extra"]) == ("ok", "ok")
    assert "ESTEIO_MAIL__SERVER" in parts["petstory.mail"] and parts["petstory.mail"].startswith("degraded")
    with house() as plain:
        parts = plain.client.get("/api/v2/health?detailed=true").json()["data"]["parts"]
        assert "MERCADOPAGO_ACCESS_TOKEN" in parts["petstory.payments"] and parts["petstory.art"] == "ok"


def test_parked_art(office: Office, clock: TurnableClock) -> None:
    """Pictures that rest because the artist's quota is used up are told of by health."""
    order = office.order("preview_failed")
    office.served.sql("UPDATE petstory_arts SET state = 'failed' WHERE order_id = $1", order.id)
    assert act(office, order, "retry").status_code == 202
    office.served.sql("UPDATE job_tickets SET due_at = now() + interval '3 hours' WHERE name LIKE 'petstory.draw%'")
    clock.turn(2)  # what health said a moment ago counts for a second
    parts = office.served.client.get("/api/v2/health?detailed=true").json()["data"]["parts"]
    assert "are not drawn before" in parts["petstory.art"]
