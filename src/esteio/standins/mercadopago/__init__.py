"""Mercado Pago, played: preferences, a checkout page, payments, refunds, and signed notifications.

`running_mercadopago` runs it in this process, `esteio standin mercadopago` as one of its own.
"""

from esteio.standins.mercadopago.running import SECRET, TOKEN, Market, running_mercadopago
from esteio.standins.mercadopago.site import MercadoPago

__all__ = ["SECRET", "TOKEN", "Market", "MercadoPago", "running_mercadopago"]
