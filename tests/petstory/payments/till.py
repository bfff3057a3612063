"""Customers who pay: orders that can be paid, a Mercado Pago beside the shop, and the jobs that read what it says."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from esteio.standins.mercadopago.running import SECRET, TOKEN, Market
from esteio.worker.assembly import Workshop
from tests.files.shop import in_shop, run_due
from tests.house import NO_TLS, eventually
from tests.petstory.conftest import ROOMY
from tests.petstory.shop import BASE, Order, Shop

HOOK = f"{BASE}/webhooks/mercadopago"
MINE = ("petstory.notified", "petstory.read_payment", "petstory.refund", "petstory.reconcile")
OLDER = "the-secret-before"


def paying(market: Market, **more: str) -> dict[str, str]:
    """Settings of a shop that is paid there."""
    return {
        **ROOMY,
        "PETSTORY__MERCADOPAGO_URL": market.url,
        "PETSTORY__MERCADOPAGO_ACCESS_TOKEN": TOKEN,
        "PETSTORY__MERCADOPAGO_WEBHOOK_SECRET": f"{OLDER},{SECRET}",
        "PETSTORY__MERCADOPAGO_TIMEOUT": "6",
        "PETSTORY__CHECKOUT_WAIT": "12",
        **more,
    }


@dataclass
class Till:
    """`market` tells this shop of what is paid."""

    shop: Shop
    market: Market

    def ready(self, **members: Any) -> Order:
        """An order that can be paid."""
        order = self.shop.begin(**members)
        order.put("preview_ready")
        return order

    def ask(self, order: Order) -> httpx.Response:
        return order.ask("POST", "/checkout")

    def checked_out(self, **members: Any) -> Order:
        """An order that has a checkout, of whose payments this shop is told."""
        order = self.ready(**members)
        answer = self.ask(order)
        assert answer.status_code == 201, answer.text
        self.listen(order)
        return order

    def preference(self, order: Order) -> str:
        """The preference that the order has; it has one."""
        rows = self.shop.served.sql(
            "SELECT preference_id FROM petstory_checkouts WHERE order_id = $1 AND url IS NOT NULL "
            "ORDER BY created_at DESC, id DESC",
            order.id,
        )
        return str(rows[0][0])

    def listen(self, order: Order) -> None:
        """The shop's public address is nowhere: the market is told where it is."""
        url = f"{self.shop.served.url}{HOOK}?source_news=webhooks"
        path = f"{self.market.url}/checkout/preferences/{self.preference(order)}"
        answer = httpx.put(path, json={"notification_url": url}, headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.is_success, answer.text

    def preferences(self, order: Order) -> int:
        """How many there are of it at the market."""
        answer = httpx.get(
            f"{self.market.url}/checkout/preferences/search",
            params={"external_reference": str(order.id)},
            headers={"Authorization": f"Bearer {TOKEN}"},
            verify=NO_TLS,
        )
        return int(answer.json()["total"])

    def pay(self, order: Order, outcome: str = "approved") -> int:
        """Pay it, and wait until the shop has heard of it where it does."""
        number = self.market.pay(self.preference(order), outcome)
        self.heard()
        return number

    def paid(self, **members: Any) -> tuple[Order, int]:
        """An order that was paid, and its payment."""
        order = self.checked_out(**members)
        number = self.pay(order)
        self.work()
        assert self.state(order) == "paid"
        return order, number

    def heard(self) -> None:
        """Until no notification is on its way."""
        eventually(lambda: all(one["state"] != "waiting" for one in self.market.deliveries()))

    def work(self) -> None:
        """Run the jobs of payments until none is left, those that rest between two tries too."""

        async def rounds(workshop: Workshop) -> bool:
            for _ in range(20):
                await self._hurry()
                if not await run_due(workshop):
                    return True
            return False

        assert in_shop(self.shop.served, rounds), "there is always more to do"

    def turn(self) -> int:
        """Run what is there once, rested or not; how many jobs that was."""

        async def once(workshop: Workshop) -> int:
            await self._hurry()
            return await run_due(workshop)

        return in_shop(self.shop.served, once)

    async def _hurry(self) -> None:
        """Let the jobs of payments be due; what is made of paid orders is not looked at here."""
        connection = await asyncpg.connect(self.shop.served.database_url.replace("//esteio@", "//postgres@"))
        try:
            await connection.execute(
                "UPDATE job_tickets SET due_at = now() + CASE WHEN name = ANY ($1::text[]) THEN interval '0' "
                "ELSE interval '1 day' END WHERE state <> 'running'",
                list(MINE),
            )
        finally:
            await connection.close()

    def state(self, order: Order) -> str:
        return str(self.shop.row(order.id)["state"])

    def received(self, order: Order) -> Decimal:
        """What it has received; the ledger must say the same."""
        row = self.shop.served.sql(
            "SELECT received, (SELECT coalesce(sum(delta), 0) FROM petstory_payment_events WHERE order_id = $1) "
            "AS told FROM petstory_orders WHERE id = $1",
            order.id,
        )[0]
        assert row["received"] == row["told"]
        return Decimal(row["received"])

    def payment(self, number: int) -> dict[str, Any]:
        """Our row of it."""
        rows = self.shop.served.sql("SELECT * FROM petstory_payments WHERE number = $1", str(number))
        return dict(rows[0]) if rows else {}

    def refunds(self, order: Order) -> list[dict[str, Any]]:
        rows = self.shop.served.sql("SELECT * FROM petstory_refunds WHERE order_id = $1 ORDER BY created_at", order.id)
        return [dict(row) for row in rows]

    def jobs(self, name: str, order: UUID | None = None) -> list[dict[str, Any]]:
        rows = self.shop.served.sql("SELECT * FROM jobs WHERE name = $1 ORDER BY id", name)
        return [dict(row) for row in rows if order is None or str(order) in str(row["payload"])]

    def receipts(self, number: int) -> int:
        return int(
            self.shop.served.sql(
                "SELECT count(*) FROM webhook_receipts WHERE sender_id LIKE $1", f"payment:{number}:%"
            )[0][0]
        )


def well(market: Market) -> None:
    """Nothing is the matter with it. Its payments stay: their numbers are not given twice."""
    market.fault("none")
    market.manner(members={}, pending=0, seconds=0)
    market.do(market._site.bank.courier.clear)
    market.ahead(0)
    market.forget()
