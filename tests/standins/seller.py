"""A shop that sells through Mercado Pago: what it asks for, and who receives what it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from mercadopago.webhook import WebhookSignatureValidator

from esteio.standins.mercadopago import SECRET, TOKEN, Market
from tests.house import AMPLE, NO_TLS, eventually


@dataclass(frozen=True)
class Received:
    """One notification as it came; header names are lower case."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A real server that takes notifications. `status` is what it answers, None: nothing until `let_go`.

    What is still on its way when it is cleared finds its address no longer known, and is not kept.
    """

    base: str = ""
    path: str = "/told/0"
    status: int | None = 200
    received: list[Received] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"{self.base}{self.path}?source_news=webhooks"

    def clear(self) -> None:
        self.path = f"/told/{int(self.path.rpartition('/')[2]) + 1}"
        self.status = 200
        self.received.clear()


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver for the time of a block."""
    receiver = Receiver()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            split = urlsplit(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            if split.path == receiver.path:
                receiver.received.append(Received(split.path, dict(parse_qsl(split.query)), headers, body))
            if receiver.status is None:
                receiver.let_go.wait(30)
                return
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        receiver.base = f"http://127.0.0.1:{server.server_address[1]}"
        yield receiver
        receiver.let_go.set()
        server.shutdown()


class Seller:
    """The shop's own calls. `client` carries its access token."""

    def __init__(self, market: Market, receiver: Receiver, client: httpx.Client) -> None:
        self.market = market
        self.receiver = receiver
        self.client = client

    def offer(self, **members: Any) -> dict[str, Any]:
        """What a preference may ask for."""
        item = {"id": "book", "title": "Livro de colorir", "quantity": 1, "currency_id": "BRL", "unit_price": 47.0}
        back = {name: f"https://shop.example.org/back/{name}?of=1" for name in ("success", "pending", "failure")}
        return {
            "items": [item],
            "payer": {"email": "buyer@example.org"},
            "back_urls": back,
            "auto_return": "approved",
            "external_reference": "order-1",
            "notification_url": self.receiver.url,
            "metadata": {"order": "order-1"},
        } | members

    def preference(self, **members: Any) -> dict[str, Any]:
        """A preference that was taken."""
        answer = self.client.post("/checkout/preferences", json=self.offer(**members))
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def paid(self, outcome: str = "approved", **members: Any) -> int:
        """A payment of a new preference."""
        return self.market.pay(self.preference(**members)["id"], outcome)

    def read(self, payment: int) -> dict[str, Any]:
        answer = self.client.get(f"/v1/payments/{payment}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def refund(self, payment: int, key: str, **members: Any) -> httpx.Response:
        """Without members there is no body: all of it."""
        headers = {"X-Idempotency-Key": key}
        return self.client.post(f"/v1/payments/{payment}/refunds", json=members or None, headers=headers)


def client_of(market: Market, token: str = TOKEN) -> httpx.Client:
    return httpx.Client(base_url=market.url, headers={"Authorization": f"Bearer {token}"}, timeout=AMPLE, verify=NO_TLS)


def told(seller: Seller, count: int = 1) -> list[Received]:
    """So many notifications, once they are there."""
    return eventually(lambda: seller.receiver.received[:] if len(seller.receiver.received) >= count else None)


def validate(one: Received, secret: str = SECRET, **how: Any) -> None:
    """By Mercado Pago's own library."""
    WebhookSignatureValidator.validate(
        one.headers.get("x-signature"), one.headers.get("x-request-id"), one.query.get("data.id"), secret, **how
    )
