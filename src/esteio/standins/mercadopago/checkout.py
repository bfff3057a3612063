"""The checkout: where the buyer pays, or does not, and is sent back to the shop."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode

from esteio.standins.mercadopago.bank import Bank
from esteio.standins.mercadopago.bodies import ZERO
from esteio.standins.mercadopago.methods import OUTCOMES, Outcome
from esteio.standins.mercadopago.offers import total
from esteio.standins.mercadopago.page import buttons, items, link, page, words
from esteio.standins.mercadopago.payments import Payment
from esteio.standins.mercadopago.pix import pix_code
from esteio.standins.mercadopago.preferences import Preference, payable
from esteio.standins.mercadopago.refusals import Refused
from esteio.standins.wire import Answer, Request

STATUSES = {
    "approved": "Pagamento aprovado",
    "pending": "Pagamento pendente",
    "in_process": "Pagamento em análise",
    "rejected": "Pagamento recusado",
    "cancelled": "Pagamento cancelado",
    "refunded": "Pagamento devolvido",
}


def checkout(bank: Bank, request: Request) -> Answer:
    """GET shows what is to be paid; POST pays as its `pay` says, once for each press of a button."""
    try:
        preference = bank.preferences.find(request.query.get("pref_id", ""))
    except Refused:
        return page("Página não encontrada", words("Esta compra não existe."), 404)
    if not payable(preference, bank.clock.now()):
        return page("Link expirado", words("Esta compra não pode mais ser paga. Volte à loja e comece de novo."), 410)
    offered = _offered(preference)
    if request.method in ("GET", "HEAD"):
        choices = {name: outcome.words for name, outcome in offered.items()}
        whole = items(preference["items"], total(preference["items"]))
        action = f"{request.path}?{urlencode({'pref_id': preference['id']})}"
        return page("Como você prefere pagar?", whole + buttons(action, choices))
    outcome = offered.get(_pressed(request))
    if outcome is None:
        return page("Meio de pagamento indisponível", words("Escolha outro meio de pagamento."), 400)
    return _returned(bank, preference, outcome, bank.pay(preference, outcome))


def ticket(bank: Bank, request: Request, number: str) -> Answer:
    """Where a pending Pix or boleto is looked at, and paid or left."""
    try:
        payment = bank.payments.find(number)
    except Refused:
        return page("Página não encontrada", words("Este pagamento não existe."), 404)
    if request.method == "POST" and payment.status == "pending":
        verb = {"paid": "approve", "left": "expire"}.get(_pressed(request))
        if verb is None:
            return page("Não entendido", words("Escolha uma das opções."), 400)
        bank.change(payment, verb)
    title = STATUSES.get(payment.status, "Pagamento")
    if payment.status != "pending":
        return page(title, words(f"Pagamento {payment.number}"))
    code = f"<p><code>{pix_code(payment.number, payment.amount)}</code></p>" if payment.method.id == "pix" else ""
    pressed = buttons(request.path, {"paid": "Pagar agora", "left": "Deixar vencer"})
    return page(title, words(f"Pagamento {payment.number}") + code + pressed)


def _offered(preference: Preference) -> dict[str, Outcome]:
    methods: dict[str, Any] = preference["payment_methods"]
    kinds = _excluded(methods.get("excluded_payment_types"))
    ids = _excluded(methods.get("excluded_payment_methods"))
    return {
        name: outcome
        for name, outcome in OUTCOMES.items()
        if outcome.method.kind not in kinds
        and outcome.method.id not in ids
        and not (preference["binary_mode"] and outcome.back == "pending")
    }


def _excluded(told: object) -> set[str]:
    return {str(one.get("id")) for one in told if isinstance(one, dict)} if isinstance(told, list) else set()


def _pressed(request: Request) -> str:
    form = parse_qs(request.body[:10_000].decode("utf-8", "replace"))
    return form.get("pay", [""])[0]


def _returned(bank: Bank, preference: Preference, outcome: Outcome, payment: Payment) -> Answer:
    """Back to the shop, where it said to; else the outcome is told here."""
    where = (preference["back_urls"] or {}).get(outcome.back)
    shown = STATUSES[outcome.status]
    if not where:
        amount = items(preference["items"], payment.amount or ZERO)
        return page(shown, amount + link(f"{bank.address}/payments/{payment.number}/ticket", "Ver pagamento"))
    base, mark, fragment = where.partition("#")
    query = urlencode(_told(preference, outcome, payment))
    place = base + ("&" if "?" in base else "?") + query + mark + fragment
    return Answer(303, b"", headers={"Location": place, "Cache-Control": "no-store"})


def _told(preference: Preference, outcome: Outcome, payment: Payment) -> dict[str, str]:
    return {
        "collection_id": str(payment.number),
        "collection_status": outcome.status,
        "payment_id": str(payment.number),
        "status": outcome.status,
        "external_reference": preference["external_reference"] or "null",
        "payment_type": payment.method.kind,
        "merchant_order_id": str(payment.order),
        "preference_id": preference["id"],
        "site_id": "MLB",
        "processing_mode": "aggregator",
        "merchant_account_id": "null",
    }
