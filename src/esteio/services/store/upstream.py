"""The shop outside: how it is called, and what of its answers is believed."""

from typing import Any

import orjson

from esteio.services.store.products import Listed, Malformed, Product, listed_of, product_of
from esteio.services.store.settings import StoreSettings
from esteio.telemetry.logs import log
from esteio.upstream.answer import Received, Unfit
from esteio.upstream.client import Upstream
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


async def fetch_list(shop: Upstream) -> Listed:
    """All products. Raises `UpstreamUnavailable`, also where the answer is no list of products."""
    listed = await shop.call("GET", "/products", _list_in)
    if listed.others is None or listed.others:
        log("esteio.store").warning("store.products_left_out", ids=listed.others and listed.others[:20])
    return listed


async def fetch_product(shop: Upstream, product_id: int) -> Product | None:
    """The product, or `None` where the shop has none of this id. Raises `UpstreamUnavailable`."""

    def read(received: Received) -> Product | None:
        return _product_in(received, product_id)

    return await shop.call("GET", f"/products/{product_id}", read)


def _list_in(received: Received) -> Listed:
    if received.status != 200:
        raise Unfit(f"status {received.status}")
    try:
        return listed_of(_json_in(received))
    except Malformed as error:
        raise Unfit(f"the list: {error}") from error


def _product_in(received: Received, product_id: int) -> Product | None:
    """The shop says in four ways that there is none: 404, and 200 with nothing, `null` or `{}`."""
    if received.status == 404:
        return None
    if received.status != 200:
        raise Unfit(f"status {received.status}")
    if not received.body.strip() or (raw := _json_in(received)) in (None, {}):
        return None
    try:
        product = product_of(raw)
    except Malformed as error:
        raise Unfit(f"the product: {error}") from error
    if product.id != product_id:
        raise Unfit("it is another product")
    return product


def _json_in(received: Received) -> Any:
    try:
        return orjson.loads(received.body)
    except orjson.JSONDecodeError as error:
        raise Unfit("no JSON") from error
