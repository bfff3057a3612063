"""Mercado Pago as a party outside: on which terms it is called."""

from esteio.services.petstory.settings import PetstorySettings
from esteio.upstream.party import Party, Terms


def _terms(settings: PetstorySettings) -> Terms:
    return Terms(
        url=settings.mercadopago_url,
        connect=min(2.0, settings.mercadopago_timeout),
        read=settings.mercadopago_timeout,
        total=settings.mercadopago_timeout,
        tries=2,
        failures=8,
        rest=10.0,
        headers={
            "authorization": f"Bearer {settings.mercadopago_access_token.get_secret_value()}",
            "accept": "application/json",
        },
    )


MERCADOPAGO = Party("mercadopago", _terms)
