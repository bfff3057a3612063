"""A house that shows what is played: all parties of `esteio up`, and the file that says where they are."""

import json
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx

from esteio.http.routing import Operation
from esteio.standins.fakestore import running_fakestore
from esteio.standins.mercadopago import TOKEN, Market, running_mercadopago
from esteio.standins.oidc import running_oidc
from esteio.standins.running import Running
from esteio.standins.smtp import Sink, Terms, running_smtp
from tests.conftest import House
from tests.house import AMPLE, NO_TLS, Served, nobody

BASE = "/api/v2/development"
PICTURE = b"\x89PNG\r\n\x1a\n<script>alert(1)</script>"


@dataclass
class Stage:
    """The house, its parties, and who of them can be reached by what name."""

    served: Served
    sink: Sink
    market: Market
    shop: Running
    file: Path

    @property
    def client(self) -> httpx.Client:
        return self.served.client

    def mail(self, subject: str = "Um livro", to: str = "maria@example.org", html: str = "<p>Oi</p>") -> str:
        """A mail that the server took; its id."""
        made = EmailMessage()
        made["From"], made["To"], made["Subject"] = "house@example.org", to, subject
        made.set_content("Em texto: ção\n")
        made.add_alternative(html, subtype="html")
        made.add_attachment(PICTURE, "image", "png", filename='a "book" ção.html', cid="<cover@house>")
        with smtplib.SMTP(self.sink.host, self.sink.port, timeout=AMPLE) as line:
            line.send_message(made)
        return self.sink.mails()[-1].id

    def payment(self, outcome: str = "pending_pix") -> str:
        """A payment that somebody began; its number."""
        body = {"items": [{"title": "Book", "quantity": 1, "unit_price": 47.5, "currency_id": "BRL"}]}
        body["external_reference"] = "order-1"  # type: ignore[assignment]
        asked = {"Authorization": f"Bearer {TOKEN}"}
        made = httpx.post(
            f"{self.market.url}/checkout/preferences", json=body, headers=asked, timeout=AMPLE, verify=NO_TLS
        )
        assert made.status_code == 201, made.text
        return str(self.market.pay(made.json()["id"], outcome))


def operations(served: Served) -> list[Operation]:
    return [operation for operation in served.app.table if operation.path.startswith(BASE)]


def written(parties: dict[str, Any], folder: Path) -> Path:
    """The file as `esteio up` writes it."""
    file = folder / "stand-ins.json"
    file.write_text(json.dumps(parties))
    return file


@contextmanager
def playing(house: House, folder: Path, **settings: str) -> Iterator[Stage]:
    with (
        running_smtp(Terms("none")) as sink,
        running_mercadopago() as market,
        running_fakestore() as shop,
        running_oidc() as issuer,
    ):
        found: dict[str, Running] = {"SMTP": sink, "MercadoPago": market, "FakeStore": shop, "OIDC": issuer}
        told = {name: {"url": one.url, "control": one.control_url} for name, one in found.items()}
        gone = {"url": nobody(), "control": f"{nobody()}/_standin"}
        file = written({**told, "Gone": gone}, folder)
        settings = {"DEVELOPMENT__STAND_INS": str(file), "STORE__UPSTREAM_URL": shop.url, **settings}
        with house(**settings) as served:
            yield Stage(served, sink, market, shop, file)
