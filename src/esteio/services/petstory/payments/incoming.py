"""Mercado Pago as a sender of webhooks."""

from esteio.services.petstory.payments.signatures import MercadoPagoSignature
from esteio.services.petstory.tasks import NOTIFIED
from esteio.webhooks.incoming import Incoming

NOTIFICATIONS = Incoming(
    source="mercadopago",
    scheme=MercadoPagoSignature(),
    setting="mercadopago_webhook_secret",
    tolerance="webhook_window",
    job=NOTIFIED,
    keep=("x-retry",),
)
