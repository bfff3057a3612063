"""How a payment can go: the outcomes of the checkout page, and the states with their details."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Method(NamedTuple):
    """How is paid: its id and its kind."""

    id: str
    kind: str


CARD = Method("master", "credit_card")
PIX = Method("pix", "bank_transfer")
BOLETO = Method("bolbradesco", "ticket")


class Outcome(NamedTuple):
    """What a button of the checkout page leads to; `back` names the address the buyer returns to."""

    method: Method
    status: str
    detail: str
    back: str
    words: str


OUTCOMES: Mapping[str, Outcome] = {
    "approved": Outcome(CARD, "approved", "accredited", "success", "Pagar com cartão: aprovado"),
    "approved_pix": Outcome(PIX, "approved", "accredited", "success", "Pagar com Pix: aprovado"),
    "pending_pix": Outcome(PIX, "pending", "pending_waiting_transfer", "pending", "Gerar Pix e pagar depois"),
    "pending_boleto": Outcome(BOLETO, "pending", "pending_waiting_payment", "pending", "Gerar boleto e pagar depois"),
    "in_process": Outcome(CARD, "in_process", "pending_contingency", "pending", "Cartão: em análise"),
    "rejected": Outcome(
        CARD, "rejected", "cc_rejected_insufficient_amount", "failure", "Cartão: recusado por saldo insuficiente"
    ),
}

CHANGES: Mapping[str, tuple[str, str]] = {
    "approve": ("approved", "accredited"),
    "authorize": ("authorized", "pending_capture"),
    "process": ("in_process", "pending_review_manual"),
    "pend": ("pending", "pending_waiting_payment"),
    "reject": ("rejected", "cc_rejected_other_reason"),
    "cancel": ("cancelled", "by_collector"),
    "expire": ("cancelled", "expired"),
    "charge_back": ("charged_back", "in_process"),
    "mediate": ("in_mediation", "pending"),
}
"""What the control can do to a payment, beside giving money back."""

STILL_OPEN = frozenset({"pending", "in_process", "authorized"})
PAID = frozenset({"approved", "in_mediation"})
"""States whose money can be given back."""
