"""A payment as it is answered."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from esteio.standins.mercadopago.bodies import CENT, ZERO
from esteio.standins.mercadopago.methods import PIX
from esteio.standins.mercadopago.moments import shown
from esteio.standins.mercadopago.offers import CURRENCY
from esteio.standins.mercadopago.payments import Payment
from esteio.standins.mercadopago.pix import CODE_IMAGE, pix_code

FEE = Decimal("0.0499")
PENDING = {"status": "pending", "status_detail": "pending_waiting_transfer", "date_approved": None}


def statement(payment: Payment, collector: int, live: bool, address: str) -> dict[str, Any]:
    """All its members, with what the control altered."""
    return (
        _state(payment)
        | {"collector_id": collector, "live_mode": live, "currency_id": CURRENCY}
        | _money(payment)
        | _about(payment)
        | {"point_of_interaction": _interaction(payment, address)}
        | payment.altered
        | (PENDING if payment.hidden else {})
    )


def _state(payment: Payment) -> dict[str, Any]:
    return {
        "id": payment.number,
        "date_created": shown(payment.made),
        "date_approved": shown(payment.approved),
        "date_last_updated": shown(payment.changed),
        "date_of_expiration": shown(payment.expires),
        "money_release_date": shown(payment.approved),
        "operation_type": "regular_payment",
        "payment_method_id": payment.method.id,
        "payment_type_id": payment.method.kind,
        "payment_method": {"id": payment.method.id, "type": payment.method.kind},
        "status": payment.status,
        "status_detail": payment.detail,
        "captured": payment.status != "authorized",
        "binary_mode": False,
        "processing_mode": "aggregator",
        "installments": 1,
    }


def _money(payment: Payment) -> dict[str, Any]:
    paid = payment.amount if payment.approved else ZERO
    fee = (paid * FEE).quantize(CENT)
    return {
        "transaction_amount": payment.amount,
        "transaction_amount_refunded": payment.refunded,
        "coupon_amount": ZERO,
        "shipping_amount": ZERO,
        "taxes_amount": ZERO,
        "transaction_details": {
            "net_received_amount": paid - fee,
            "total_paid_amount": payment.amount,
            "installment_amount": ZERO,
            "overpaid_amount": ZERO,
            "external_resource_url": None,
        },
        "fee_details": [{"type": "mercadopago_fee", "amount": fee, "fee_payer": "collector"}] if paid else [],
        "refunds": payment.refunds,
    }


def _about(payment: Payment) -> dict[str, Any]:
    return {
        "external_reference": payment.reference,
        "description": payment.description,
        "statement_descriptor": payment.statement,
        "payer": _payer(payment.payer),
        "metadata": payment.metadata,
        "additional_info": {"items": payment.items},
        "order": {"id": str(payment.order), "type": "mercadopago"} if payment.order else {},
        "notification_url": payment.tell,
        "issuer_id": None,
        "sponsor_id": None,
        "authorization_code": None,
    }


def _payer(told: dict[str, Any]) -> dict[str, Any]:
    named = {"first_name": told.get("first_name") or told.get("name"), "last_name": told.get("surname")}
    return {
        "id": "1000000001",
        "type": None,
        "email": told.get("email"),
        "identification": told.get("identification") or {"type": None, "number": None},
        "phone": {"area_code": None, "number": None, "extension": None},
        "entity_type": None,
    } | named


def _interaction(payment: Payment, address: str) -> dict[str, Any]:
    if payment.method != PIX:
        return {"type": "UNSPECIFIED", "business_info": {"unit": "online_payments", "sub_unit": "checkout_pro"}}
    return {
        "type": "PIX",
        "application_data": {"name": None, "version": None},
        "transaction_data": {
            "qr_code": pix_code(payment.number, payment.amount),
            "qr_code_base64": CODE_IMAGE,
            "ticket_url": f"{address}/payments/{payment.number}/ticket",
        },
    }
