"""What Mercado Pago is told by its control, below `/_standin/`.

GET    payments                     all, as they are
POST   payments                     {"preference", "outcome"} pays without the page
PATCH  payments/{id}                members that are answered instead of the true ones; null gives the true one back
POST   payments/{id}/{verb}         approve, authorize, process, pend, reject, cancel, expire, charge_back, mediate;
                                    refund, perhaps with {"amount"}
PUT    payments/{id}/pending        {"times"}: so many readings still show it pending
PUT    manner                       {"members", "pending", "seconds"}: of payments to come; how long writing takes
GET    notifications                all deliveries with their tries
PUT    notifications                habits of those to come: hold, lost, ipn, copies, seconds, wrong_secret, upper, …
POST   notifications                {"payment", …habits} tells of it once more; answered after the first try
POST   notifications/release        {"turned"}: sends what is held, perhaps the last one first
PUT    clock                        {"ahead"}: seconds that its clock is ahead
"""

from __future__ import annotations

from typing import Any

from esteio.standins.mercadopago.bank import Bank
from esteio.standins.mercadopago.bodies import answered, money, read
from esteio.standins.mercadopago.deliveries import Delivery
from esteio.standins.mercadopago.habits import changed
from esteio.standins.mercadopago.methods import CHANGES, OUTCOMES
from esteio.standins.mercadopago.payments import Payment
from esteio.standins.wire import Answer, Request

Told = dict[str, Any]
MOST_SECONDS = 10**9


async def controlled(bank: Bank, request: Request) -> Answer | None:
    """Does what is told; None where there is no such control. Raises `ValueError`, `Refused`."""
    told = read(request.body)
    match request.method, request.path.removeprefix("/_standin/").strip("/").split("/"):
        case "GET", ["payments"]:
            return answered([bank.view(one) for one in bank.payments.all()])
        case "POST", ["payments"]:
            return answered(bank.view(pay(bank, told)), 201)
        case "PATCH", ["payments", number]:
            return answered(bank.view(altered(bank, number, told)))
        case "PUT", ["payments", number, "pending"]:
            bank.payments.find(number).hidden = _number(told, "times", 10**6)
            return answered(bank.view(bank.payments.find(number)))
        case "POST", ["payments", number, verb] if verb == "refund" or verb in CHANGES:
            return answered(bank.view(done(bank, number, verb, told)))
        case "PUT", ["manner"]:
            return answered(manner(bank, told))
        case "PUT", ["clock"]:
            bank.clock.ahead = float(_seconds(told, "ahead"))
            bank.payments.all()  # whose time has passed now expires, and is told of
            return answered({"ahead": bank.clock.ahead})
    return await _notifications(bank, request, told)


async def _notifications(bank: Bank, request: Request, told: Told) -> Answer | None:
    match request.method, request.path.rstrip("/"):
        case "GET", "/_standin/notifications":
            return answered([one.view() for one in bank.courier.deliveries])
        case "PUT", "/_standin/notifications":
            bank.courier.habits = changed(bank.courier.habits, told)
            return answered(told)
        case "POST", "/_standin/notifications":
            return answered([one.view() for one in await notified(bank, told)])
        case "POST", "/_standin/notifications/release":
            return answered([one.view() for one in await bank.courier.release(bool(told.get("turned")))])
    return None


def pay(bank: Bank, told: Told) -> Payment:
    """A payment of a preference, without its page. Raises `ValueError`, `Refused`."""
    outcome = OUTCOMES.get(told.get("outcome", "approved"))
    if outcome is None:
        raise ValueError(f"outcome is one of {', '.join(OUTCOMES)}")
    return bank.pay(bank.preferences.find(str(told.get("preference"))), outcome)


def altered(bank: Bank, number: str | int, members: Told) -> Payment:
    """A payment that is answered with other members than its own. Raises `Refused`."""
    payment = bank.payments.find(number)
    both = payment.altered | members
    payment.altered = {name: value for name, value in both.items() if value is not None}
    return payment


def done(bank: Bank, number: str | int, verb: str, told: Told) -> Payment:
    """A payment to which something happened, of which is told. Raises `ValueError`, `Refused`."""
    amount = money(told["amount"]) if "amount" in told else None
    if "amount" in told and amount is None:
        raise ValueError("amount is a number with two decimals")
    payment = bank.payments.find(number)
    bank.change(payment, verb, amount)
    return payment


def manner(bank: Bank, told: Told) -> Told:
    """How payments to come will be. Raises `ValueError`."""
    if not set(told) <= {"members", "pending", "seconds"} or not isinstance(told.get("members", {}), dict):
        raise ValueError("there are members (an object), pending and seconds (numbers)")
    if "members" in told:
        bank.payments.altered = told["members"]
    if "pending" in told:
        bank.payments.hidden = _number(told, "pending", 10**6)
    if "seconds" in told:
        bank.keys.seconds = float(_seconds(told, "seconds"))
    return {"members": bank.payments.altered, "pending": bank.payments.hidden, "seconds": bank.keys.seconds}


async def notified(bank: Bank, told: Told) -> list[Delivery]:
    """The deliveries that tell of a payment once more, each tried once. Raises `ValueError`, `Refused`."""
    habits = {name: value for name, value in told.items() if name != "payment"}
    sent = bank.notify(bank.payments.find(str(told.get("payment"))), habits)
    if not sent:
        raise ValueError("the payment has no notification_url")
    await bank.courier.settle(sent)
    return sent


def _number(told: Told, name: str, most: int) -> int:
    value = told.get(name)
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{name} is a whole number up to {most}")
    return value


def _seconds(told: Told, name: str) -> Any:
    value = told.get(name)
    if isinstance(value, bool | str | None | dict | list) or not 0 <= value < MOST_SECONDS:
        raise ValueError(f"{name} is a number of seconds")
    return value
