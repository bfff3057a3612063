"""An order followed by its secret link: what is told, how it goes on after a break, and when it ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from esteio.auth.audit import Audit
from esteio.base.clock import TurnableClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.services.petstory.links import Link, written
from esteio.services.petstory.orders import Actor, locked
from esteio.services.petstory.use_cases.paying import _enter
from tests.conftest import House
from tests.house import NO_TLS, Served, nobody
from tests.petstory.conftest import ROOMY
from tests.petstory.shop import Order, Shop, picture
from tests.realtime.client import WITHIN, Event, Stream, all_told
from tests.realtime.conftest import relaying

ADMIN = "/api/v2/petstory/admin/orders"


@pytest.fixture(scope="module")
def served(house: House, clock: TurnableClock, files: Path) -> Iterator[Served]:
    with house(clock=clock, FILES__URL=f"file://{files}", **ROOMY) as running, relaying(running):
        yield running


@contextmanager
def following(order: Order, last: str = "") -> Iterator[Stream]:
    """The order's stream, from an id on where one is given; what was done before has been told by then."""
    all_told(order.shop.served)
    with (
        httpx.Client(base_url=order.shop.served.url, timeout=WITHIN, verify=NO_TLS) as client,
        client.stream("GET", f"{order.path}/stream", headers={"Last-Event-ID": last} if last else {}) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        yield Stream(answer)


def told(events: list[Event]) -> list[str]:
    return [event.data["event"] for event in events]


def revoke(order: Order) -> str:
    """Make the order's links void; the new one."""
    answer = order.shop.served.client.post(f"{ADMIN}/{order.id}/revoke-links", json={})
    assert answer.status_code == 200, answer.text
    link: str = answer.json()["data"]["link"]
    return link


def ending(events: Stream) -> dict[str, Any]:
    """What a stream that ends says last."""
    (last,) = events.events(1, "closed")
    assert events.event() is None
    return last.data


def test_steps(shop: Shop) -> None:
    """Who has the link hears each step of that order, as an operator would, and nothing of another."""
    order, other = shop.begin(), shop.begin()
    with following(order) as events:
        events.events(1, "subscribed")
        other.upload(picture(1))
        order.upload(picture(2))
        order.preview()
        heard = events.events(2)
        assert told(heard) == ["order.photos_uploaded", "order.preview_queued"]
        assert {event.data["subject"] for event in heard} == {str(order.id)}
        assert "example.org" not in "".join(event.text for event in heard)


def test_it_goes_on_where_it_broke_off(shop: Shop) -> None:
    """By the last id nothing is missing and nothing comes twice, whatever happened in between."""
    order = shop.begin()
    with following(order) as events:
        (begun,) = events.events(1, "subscribed")
    order.upload(picture(1))
    order.preview()
    with following(order, begun.id) as events:
        events.events(1, "subscribed")
        first = events.events(1)
    order.cancel()
    with following(order, first[0].id) as events:
        events.events(1, "subscribed")
        rest = events.events(2)
    assert told([*first, *rest]) == ["order.photos_uploaded", "order.preview_queued", "order.expired"]


def test_a_void_link_ends_it(shop: Shop) -> None:
    """The moment its link is made void a stream ends and says so, and tells nothing later; the new link goes on."""
    order = shop.begin()
    with following(order) as events:
        (begun,) = events.events(1, "subscribed")
        link = revoke(order)
        assert ending(events)["code"] == 4401
    refused = order.ask("GET", "/stream")
    assert refused.status_code == 404 and refused.headers["content-type"] == "application/problem+json"
    renewed = Order(shop, link, order.data)
    renewed.upload(picture(3))
    with following(renewed, begun.id) as events:
        events.events(1, "subscribed")
        assert told(events.events(2)) == ["order.links_revoked", "order.photos_uploaded"]


def test_money_taken_back_ends_it(shop: Shop) -> None:
    """With the payment taken back the link is void: the stream ends, and what is told before that is nothing else."""
    order = shop.begin()
    order.put("delivered")
    resources = shop.served.app.resources

    async def taken_back() -> None:
        actor = Actor("test:bank", DEFAULT_TENANT, resources.clock, Audit(resources.clock))
        async with transaction(resources.database, DEFAULT_TENANT) as session:
            await _enter(session, await locked(session, order.id), "charged_back", actor)

    with following(order) as events:
        events.events(1, "subscribed")
        shop.served.run(taken_back)
        heard = [events.event()]
        if heard[0] and heard[0].kind == "message":
            assert heard[0].data["event"] == "order.charged_back"
            heard.append(events.event())
        assert heard[-1] and (heard[-1].kind, heard[-1].data["code"]) == ("closed", 4401)
        assert events.event() is None


def test_whoever_missed_facts_is_looked_at_again(shop: Shop) -> None:
    """Where facts were lost, so may have been that the link is void: the stream has its reader come back."""
    order = shop.begin()
    with following(order) as events:
        (begun,) = events.events(1, "subscribed")
        all_told(shop.served)
        shop.served.run(lambda: shop.served.app.resources.redis.execute("FLUSHDB"))
        order.upload(picture(4))
        events.events(1, "reconnect")
        assert events.event() is None
    with following(order, begun.id) as events:
        events.events(1, "subscribed")
        events.events(1, "gap")
    revoke(order)
    assert order.ask("GET", "/stream", headers={"Last-Event-ID": begun.id}).status_code == 404


def test_links_that_lead_nowhere(shop: Shop) -> None:
    """An altered link, one of a tribute page, and an id alone, are refused as everywhere; so is no position."""
    order = shop.begin()
    ring = shop.served.app.resources.keyring
    for link in (order.link[:-1] + "!", written(ring, "tribute", Link(order.id, 1)), str(order.id)):
        assert shop.client.get(f"/api/v2/petstory/orders/{link}/stream").status_code == 404
    assert shop.client.head(f"{order.path}/stream").status_code == 200
    assert order.ask("GET", "/stream", params={"since": "x"}).status_code == 422
    assert order.ask("GET", "/stream", params={"since": "a:1,b:2"}).status_code == 400


def test_without_redis(house: House, clock: TurnableClock, files: Path) -> None:
    """While Redis is away the stream is refused at once, as unavailable, and the order can be read all the same."""
    options = {**ROOMY, "REDIS__URL": nobody().replace("http", "redis"), "REDIS__DEADLINE": "1"}
    with house(clock=clock, FILES__URL=f"file://{files}", **options) as running:
        order = Shop.at(running).begin()
        answer = order.ask("GET", "/stream")
        assert answer.status_code == 503 and answer.headers["retry-after"]
        assert order.state == "draft"


def test_the_link_is_in_no_log(
    house: House, clock: TurnableClock, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is asked with a link, well or badly, the logs have neither it nor a part of it that opens anything."""
    with house(clock=clock, FILES__URL=f"file://{files}", TELEMETRY__ACCESS_LOG="true", **ROOMY) as running:
        order = Shop.at(running).begin()
        with relaying(running), following(order) as events:
            events.events(1, "subscribed")
            order.upload(picture(5))
            events.events(1)
        order.ask("POST", "/checkout")
        order.ask("DELETE", "/nothing")
        order.ask("GET", "/stream", params={"since": "x"})
        for page in (f"/petstory/orders/{order.link}", f"/petstory/tributes/{order.link}"):
            answer = running.anonymous.get(page, headers={"Accept": "text/html"})
            assert answer.headers["referrer-policy"] == "no-referrer"
        order.send(b"no picture")
    text = "".join(capsys.readouterr())
    assert all(route in text for route in ("/orders/{link}/stream", "/petstory/tributes/{link}"))
    assert order.link not in text and order.link[:20] not in text
