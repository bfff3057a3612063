"""Mercado Pago for the time of a block: `with running_mercadopago() as market: …`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from esteio.standins.mercadopago.bodies import money
from esteio.standins.mercadopago.deliveries import PATIENCE, Delivery
from esteio.standins.mercadopago.habits import changed
from esteio.standins.mercadopago.site import MercadoPago
from esteio.standins.mercadopago.told import altered, done, manner, notified, pay
from esteio.standins.running import Running, running

TOKEN = "TEST-a-token-of-the-stand-in"  # noqa: S105 - opens nothing but a stand-in
SECRET = "a-secret-that-signs-the-stand-ins-notifications"  # noqa: S105
SOON = (0.0, 0.2, 0.2, 0.4)


class Market(Running):
    """A running Mercado Pago; what its control can do, a test can do."""

    _site: MercadoPago

    def pay(self, preference: str, outcome: str = "approved") -> int:
        """Pay without the page; the payment's number. The outcomes are those of the page."""
        told = {"preference": preference, "outcome": outcome}
        return self.do(lambda: pay(self._site.now(), told).number)

    def payment(self, number: int) -> dict[str, Any]:
        """As it is answered; no reading is used up."""
        return self.do(lambda: self._site.bank.view(self._site.now().payments.find(number)))

    def payments(self) -> list[dict[str, Any]]:
        return self.do(lambda: [self._site.bank.view(one) for one in self._site.now().payments.all()])

    def change(self, number: int, verb: str, amount: object = None) -> None:
        """Do something to a payment, of which is told: `approve`, `refund`, `charge_back`, …"""
        told = {} if amount is None else {"amount": money(amount)}
        self.do(lambda: done(self._site.now(), number, verb, told))

    def alter(self, number: int, **members: Any) -> None:
        """Answer with these members instead of the payment's own; None gives the true one back."""
        self.do(lambda: altered(self._site.bank, number, members))

    def manner(self, **told: Any) -> None:
        """Of payments to come: `members` altered, so many readings `pending`; `seconds` that writing takes."""
        self.do(lambda: manner(self._site.bank, told))

    def habits(self, **told: Any) -> None:
        """How notifications to come are sent."""

        def change() -> None:
            courier = self._site.bank.courier
            courier.habits = changed(courier.habits, told)

        self.do(change)

    def notify(self, number: int, **habits: Any) -> list[dict[str, Any]]:
        """Tell of a payment once more, with these habits; the deliveries after their first try."""

        async def sent() -> list[Delivery]:
            return await notified(self._site.now(), {"payment": number, **habits})

        return [one.view() for one in self._run(sent())]

    def release(self, turned: bool = False) -> list[dict[str, Any]]:
        """Send what is held, one after the other, perhaps the last one first."""
        return [one.view() for one in self._run(self._site.bank.courier.release(turned))]

    def deliveries(self) -> list[dict[str, Any]]:
        return self.do(lambda: [one.view() for one in self._site.bank.courier.deliveries])

    def ahead(self, seconds: float) -> None:
        """Turn its clock so far ahead of the system's."""

        def turn() -> None:
            self._site.now().clock.ahead = seconds
            self._site.bank.payments.all()

        self.do(turn)


@contextmanager
def running_mercadopago(
    port: int = 0,
    *,
    access_token: str = TOKEN,
    webhook_secret: str = SECRET,
    live: bool = False,
    schedule: Sequence[float] = SOON,
    patience: float = PATIENCE,
) -> Iterator[Market]:
    """On a free port (or this one) of the loopback address until the block ends; its tries follow one another soon."""
    site = MercadoPago(access_token, webhook_secret, live, schedule=schedule, patience=patience)
    with running(site, Market, port) as market:
        market._site = site
        yield market
