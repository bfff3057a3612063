"""What carries the jobs loses all it has, or is away for a while: orders go on where they were."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
import redis

from esteio.embedded.engines import Engines
from tests.faults.conftest import valkey_socket
from tests.faults.proxy import Proxy, proxied
from tests.house import eventually
from tests.petstory.deployment import SLOW, Deployment, Journey, deployed, staffed
from tests.petstory.halting import Moment, halted
from tests.petstory.shop import picture
from tests.worker.processes import Running

Make = Callable[[], str]


@pytest.fixture(scope="module")
def broker(engines: Engines) -> Iterator[Proxy]:
    """The network between those who work and what carries their jobs."""
    with proxied(valkey_socket(engines)) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def shop(new_database: Make, new_redis: Make, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(new_database, new_redis, tmp_path_factory.mktemp("files")) as running:
        yield running


@pytest.fixture(scope="module")
def staff(shop: Deployment, broker: Proxy) -> Iterator[Running]:
    number = shop.given["ESTEIO_REDIS__URL"].rpartition("=")[2]
    behind = {"ESTEIO_JOBS__BROKER_URL": f"redis://127.0.0.1:{broker.port}/{number}"}
    with staffed(replace(shop, given=shop.given | behind)) as running:
        yield running


def went_well(order: Journey) -> None:
    """Paid once, mailed once."""
    order.becomes("emailed")
    assert order.received() == Decimal("47.00") and len(order.rows("payment_events")) == 1
    assert len(order.mails()) == 1
    assert [order.facts().count(state) for state in ("paid", "produced", "emailed")] == [1, 1, 1]


def test_an_order_survives_an_emptied_redis(shop: Deployment, staff: Running) -> None:
    """Redis loses everything while a picture is drawn, and again while the book is made: nothing of the order does."""
    order = shop.begin(picture(1), styles=["line", "cartoon"])
    with halted(order, Moment("arts", "NEW.state = 'drawn'")) as halt:
        order.preview()
        halt.reached()
        emptied(shop)
    order.becomes("preview_ready")
    with halted(order, Moment("orders", "NEW.state = 'produced'")) as halt:
        order.pay()
        halt.reached()
        emptied(shop)
    went_well(order)


def emptied(shop: Deployment) -> None:
    with redis.Redis.from_url(shop.given["ESTEIO_REDIS__URL"]) as client:
        client.flushdb()


def test_an_order_survives_a_stopped_broker(shop: Deployment, staff: Running, broker: Proxy) -> None:
    """An order that is paid while nothing can be carried stays known, and is made and mailed once things are."""
    order = shop.begin(picture(2))
    order.payable()
    broker.set("refuse")
    eventually(lambda: staff.said("worker.broker_away"), SLOW)
    order.pay()
    told = "SELECT count(*) AS number FROM jobs WHERE name = 'petstory.notified' AND outcome IS NULL"
    eventually(lambda: shop.sql(told)[0]["number"] == 1, SLOW)
    assert order.state == "checkout_created"
    broker.set("pass")
    went_well(order)
