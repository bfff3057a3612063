"""The shop outside."""

from esteio.services.store.settings import StoreSettings
from esteio.upstream.party import Party, Terms


def _terms(settings: StoreSettings) -> Terms:
    return Terms(
        url=settings.upstream_url,
        connect=settings.connect_timeout,
        read=settings.read_timeout,
        total=settings.total_timeout,
        tries=settings.tries,
        largest=settings.largest_answer,
        failures=settings.breaker_failures,
        rest=settings.breaker_rest,
    )


FAKESTORE = Party("fakestore", _terms)
