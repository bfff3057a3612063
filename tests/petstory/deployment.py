"""A whole PetStory: the API, a worker and a scheduler as processes, with the parties outside played by the test."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from pydantic import BaseModel

from esteio.base.clock import SystemClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.catalog import SHIPPED
from esteio.db.transaction import transaction
from esteio.jobs.enqueue import enqueue
from esteio.jobs.kinds import JobKind
from esteio.resources import open_resources
from esteio.runtime.opening import make_resources, sections
from esteio.settings import read_settings
from esteio.standins.gemini import Painter, running_gemini
from esteio.standins.mercadopago.running import SECRET, TOKEN, Market, running_mercadopago
from esteio.standins.smtp import Terms, running_smtp
from esteio.standins.smtp.running import Sink
from tests.cli.command import Server, serving
from tests.house import NO_TLS, environment, eventually, nobody, sql, unused_port
from tests.petstory.conftest import ROOMY
from tests.petstory.shop import ORDERS, REX
from tests.worker.processes import Running, scheduler, worker

KEY = "a-key-of-a-test"
SENDER = "books@example.org"
LEASE = "3"
SLOW = 90.0
"""Seconds after which a test gives up waiting for what several processes do, on a machine that has other work."""

Make = Callable[[], str]


@dataclass
class Deployment:
    """`given` is the environment of all its processes; `sink` has the mails, `market` the payments."""

    url: str
    given: dict[str, str]
    market: Market
    sink: Sink
    gemini: Painter | None
    api: Server
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.url, timeout=30, verify=NO_TLS)

    def sql(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in sql(self.given["ESTEIO_DATABASE__URL"], statement, *values)]

    def begin(self, *photos: bytes, **members: Any) -> "Journey":
        """A new order with its photos."""
        answer = self.client.post(ORDERS, json={**REX, **members})
        assert answer.status_code == 201, answer.text
        journey = Journey(self, answer.json()["data"]["link"], UUID(answer.json()["data"]["id"]))
        files = [("photos", ("photo.jpg", photo, "image/jpeg")) for photo in photos]
        answer = journey.ask("POST", "/photos", files=files)
        assert answer.status_code == 201, answer.text
        return journey

    def have_done(self, kind: JobKind[Any], payload: BaseModel) -> None:
        """Have a job done as its schedule would."""

        async def write() -> None:
            settings = read_settings(sections(SHIPPED), environ=self.given)
            resources = make_resources(settings, SystemClock(), SHIPPED)
            async with open_resources(resources), transaction(resources.database, DEFAULT_TENANT) as session:
                await enqueue(session, kind, payload, tenant=DEFAULT_TENANT, principal="test")

        asyncio.run(write())


@dataclass
class Journey:
    """An order of somebody who has its link."""

    shop: Deployment
    link: str
    id: UUID

    @property
    def path(self) -> str:
        return f"{ORDERS}/{self.link}"

    def ask(self, method: str, below: str = "", **options: Any) -> httpx.Response:
        return self.shop.client.request(method, self.path + below, **options)

    def read(self) -> dict[str, Any]:
        answer = self.ask("GET")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["data"]
        return found

    @property
    def state(self) -> str:
        return str(self.read()["state"])

    def becomes(self, *states: str) -> dict[str, Any]:
        """The order, once it is in one of these states; fails where it ends in another."""

        def there() -> bool:
            return self.state in states

        eventually(there, SLOW, every=0.1)
        return self.read()

    def preview(self) -> None:
        answer = self.ask("POST", "/preview")
        assert answer.status_code == 202, answer.text

    def checkout(self) -> dict[str, Any]:
        answer = self.ask("POST", "/checkout")
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()["data"]
        return found

    def pay(self) -> None:
        """By the checkout's page, as a buyer does."""
        page = self.checkout()["url"]
        assert httpx.post(page, data={"pay": "approved"}, timeout=30, verify=NO_TLS).status_code == 303

    def payable(self) -> None:
        """Its preview is ready."""
        self.preview()
        self.becomes("preview_ready")

    def received(self) -> Decimal:
        """What it has received, which the ledger confirms."""
        row = self.shop.sql(
            "SELECT received, (SELECT coalesce(sum(delta), 0) FROM petstory_payment_events WHERE order_id = $1) AS told"
            " FROM petstory_orders WHERE id = $1",
            self.id,
        )[0]
        assert row["received"] == row["told"]
        return Decimal(row["received"])

    def rows(self, table: str) -> list[dict[str, Any]]:
        return self.shop.sql(f"SELECT * FROM petstory_{table} WHERE order_id = $1", self.id)

    def mails(self) -> list[Any]:
        """The mails of this order that the sink has kept."""
        return [mail for mail in self.shop.sink.messages() if self.link in str(mail.get_body(("plain",)).get_content())]

    def facts(self) -> list[str]:
        """The states that were told of it, in turn."""
        query = "SELECT name FROM outbox WHERE subject = $1 AND name <> 'order.progress' ORDER BY position"
        return [row["name"].removeprefix("order.") for row in self.shop.sql(query, str(self.id))]


@contextmanager
def deployed(
    new_database: Make, new_redis: Make, files: Path, *, painted: bool = False, **more: str
) -> Iterator[Deployment]:
    """The API with its parties; whoever works is for the test to start. With `painted` Gemini draws."""
    with ExitStack() as stack:
        market = stack.enter_context(running_mercadopago())
        sink = stack.enter_context(running_smtp(Terms("none")))
        gemini = stack.enter_context(running_gemini(KEY)) if painted else None
        port = unused_port()
        url = f"http://127.0.0.1:{port}"
        given = environment(new_database(), new_redis(), **_settings(url, files, market, sink), **_art(gemini), **more)
        # Two, so that there is somebody who replaces one that is killed.
        api = stack.enter_context(serving(port, "--workers", "2", environment=given))
        shop = Deployment(url, given, market, sink, gemini, api)
        stack.callback(shop.client.close)
        yield shop


@contextmanager
def staffed(shop: Deployment) -> Iterator[Running]:
    """Somebody works: the worker; a scheduler beside it."""
    with worker(shop.given, services=None) as running, scheduler(shop.given, services=None):
        yield running


def _settings(url: str, files: Path, market: Market, sink: Sink) -> dict[str, str]:
    return {
        **ROOMY,
        "HTTP__PUBLIC_URL": url,
        "FILES__URL": files.as_uri(),
        "STORE__UPSTREAM_URL": nobody(),
        "JOBS__LEASE": LEASE,
        "JOBS__CARRIED": LEASE,
        "MAIL__SERVER": sink.host,
        "MAIL__PORT": str(sink.port),
        "MAIL__TLS": "none",
        "MAIL__FROM_ADDRESS": SENDER,
        "PETSTORY__MERCADOPAGO_URL": market.url,
        "PETSTORY__MERCADOPAGO_ACCESS_TOKEN": TOKEN,
        "PETSTORY__MERCADOPAGO_WEBHOOK_SECRET": SECRET,
    }


def _art(gemini: Painter | None) -> dict[str, str]:
    if gemini is None:
        return {"PETSTORY__ART": "local"}
    return {"PETSTORY__GEMINI_API_KEY": KEY, "PETSTORY__GEMINI_URL": gemini.url}
