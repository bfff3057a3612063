"""What Mercado Pago answers."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from esteio.standins.mercadopago.bank import Bank
from esteio.standins.mercadopago.bodies import answered, money, read
from esteio.standins.mercadopago.checkout import checkout, ticket
from esteio.standins.mercadopago.deliveries import PATIENCE, SCHEDULE
from esteio.standins.mercadopago.direct import paid_directly
from esteio.standins.mercadopago.payments import Payment, refund_of
from esteio.standins.mercadopago.refusals import WRONG_AMOUNT, Refused
from esteio.standins.mercadopago.search import paged, search
from esteio.standins.mercadopago.told import controlled
from esteio.standins.stand_in import StandIn
from esteio.standins.wire import Answer, Request

RETRY_AFTER = 1
INSTEAD = {
    "rate_limited": Refused("Too many requests", 429),
    "unauthorized": Refused("invalid access token", 401),
    "locked": Refused("The resource is locked", 423),
}


class MercadoPago:
    """The party: `access_token` opens its API, `webhook_secret` signs what it tells the shop.

    `schedule` are the seconds before each try of a notification, `patience` how many seconds a receiver may take.
    """

    faults: Mapping[str, str] = {
        "rate_limited": f"429 with Retry-After: {RETRY_AFTER}; nothing is done",
        "unauthorized": "401, as if the access token were wrong; nothing is done",
        "locked": "423, as if the same call were running; nothing is done",
        "lost": "no notification is sent; on any path",
        "duplicated": "each notification is sent twice; on any path",
        "reordered": "of each two notifications the later one comes first; on any path",
    }

    def __init__(
        self,
        access_token: str,
        webhook_secret: str,
        live: bool = False,
        *,
        schedule: Sequence[float] = SCHEDULE,
        patience: float = PATIENCE,
    ) -> None:
        if not access_token or not webhook_secret or not schedule:
            raise ValueError("an access token, a webhook secret and a schedule are needed")
        self._token = access_token
        self.bank = Bank(webhook_secret, live, schedule, patience)
        self._standin: StandIn | None = None

    def begin(self, standin: StandIn) -> None:
        self._standin = standin

    def reset(self) -> None:
        self.bank.clear()

    async def answer(self, request: Request, fault: str) -> Answer | None:
        self.now()
        try:
            return await self._asked(request, fault)
        except Refused as error:
            return error.answer()

    async def control(self, request: Request) -> Answer | None:
        """What `told` lists."""
        try:
            return await controlled(self.now(), request)
        except Refused as error:
            raise ValueError(error.message) from error

    def now(self) -> Bank:
        """The bank, which is told where it is and which faults are on: both are known only while it runs."""
        if self._standin is not None:
            self.bank.address = self._standin.door.url
            self.bank.faults = {str(one["fault"]) for one in self._standin.faults.switched()}
        return self.bank

    async def _asked(self, request: Request, fault: str) -> Answer:
        way = request.path.strip("/").split("/")
        match request.method, way:
            case "GET" | "HEAD" | "POST", ["checkout", "v1", "redirect"] | ["sandbox", "checkout", "v1", "redirect"]:
                return checkout(self.bank, request)
            case "GET" | "HEAD" | "POST", ["payments", number, "ticket"]:
                return ticket(self.bank, request, number)
        if fault in INSTEAD:
            answer = INSTEAD[fault].answer()
            later = {"Retry-After": str(RETRY_AFTER)} if answer.status == 429 else {}
            return Answer(answer.status, answer.body, answer.media, later)
        self._authorize(request)
        return await self._called(request, _members(request), way)

    def _authorize(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not token:
            raise Refused("Must provide your access_token to proceed", 401)
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), self._token.encode()):
            raise Refused("invalid access token", 401)

    async def _called(self, request: Request, told: dict[str, Any], way: list[str]) -> Answer:
        once = self.bank.keys.once
        match request.method, way:
            case "POST", ["checkout", "preferences"]:
                return await once(request, False, lambda: self._prefer(told))
            case "POST", ["v1", "payments"]:
                return await once(request, True, lambda: self._shown(paid_directly(self.bank, told), 201))
            case "POST", ["v1", "payments", number, "refunds"]:
                return await once(request, True, lambda: self._refund(self.bank.payments.find(number), told))
            case "PUT", ["v1", "payments", number]:
                return await once(request, False, lambda: self._put(self.bank.payments.find(number), told))
            case "PUT", ["checkout", "preferences", number]:
                return await once(request, False, lambda: answered(self.bank.preferences.change(number, told)))
            case "GET", _:
                return self._read(request, way)
        raise Refused("The method or the path is not known", 404)

    def _read(self, request: Request, way: list[str]) -> Answer:
        bank = self.bank
        match way:
            case ["checkout", "preferences", "search"]:
                return _found(bank, request)
            case ["checkout", "preferences", number]:
                return answered(bank.preferences.find(number))
            case ["v1", "payments", "search"]:
                rows = [bank.view(one) for one in bank.payments.of(request.query.get("external_reference"))]
                return answered(search(rows, request.query, bank.clock.now()))
            case ["v1", "payments", number]:
                return answered(bank.view(bank.payments.find(number), reading=True))
            case ["v1", "payments", number, "refunds"]:
                return answered(bank.payments.find(number).refunds)
            case ["v1", "payments", number, "refunds", refund]:
                return answered(refund_of(bank.payments.find(number), refund))
            case ["merchant_orders", number]:
                return answered(bank.order(number))
        raise Refused("The path is not known", 404)

    def _prefer(self, told: dict[str, Any]) -> Answer:
        return answered(self.bank.preferences.make(told, self.bank.address), 201)

    def _shown(self, payment: Payment, status: int = 200) -> Answer:
        return answered(self.bank.view(payment), status)

    def _put(self, payment: Payment, told: dict[str, Any]) -> Answer:
        if told == {"status": "cancelled"}:
            self.bank.payments.cancel(payment)
        elif told == {"capture": True}:
            self.bank.payments.capture(payment)
        else:
            raise Refused("Only status and capture can be changed")
        return self._shown(payment)

    def _refund(self, payment: Payment, told: dict[str, Any]) -> Answer:
        amount = money(told["amount"]) if "amount" in told else None
        if "amount" in told and amount is None:
            raise Refused("amount must be a number with two decimals", code=WRONG_AMOUNT)
        return answered(self.bank.payments.refund(payment, amount), 201)


def _members(request: Request) -> dict[str, Any]:
    try:
        return read(request.body)
    except ValueError as error:
        raise Refused(f"The body cannot be read: {error}") from error


def _found(bank: Bank, request: Request) -> Answer:
    page = paged(bank.preferences.search(request.query.get("external_reference")), request.query, "elements")
    return answered(
        {"elements": page["elements"], "next_offset": page["paging"]["offset"] + len(page["elements"])}
        | {"total": page["paging"]["total"]}
    )
