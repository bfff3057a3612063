"""The calls to Mercado Pago. None of them is made while a transaction is open."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

import orjson
from pydantic import BaseModel

from esteio.services.petstory.payments.answers import Found, GivenBack, Page, Preferred, Seen, shaped
from esteio.services.petstory.payments.refusals import done
from esteio.upstream.answer import Received, Unfit
from esteio.upstream.client import Upstream

T = TypeVar("T", bound=BaseModel)

ROWS, MOST_ROWS = 50, 500
JSON = {"content-type": "application/json"}


class MercadoPago:
    """What is asked of it. Every call raises `UpstreamUnavailable` where it cannot serve or does not take the token.

    Calls with a key may be sent more than once: the same key and body do one thing, and are answered the same.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def prefer(self, body: bytes, key: str) -> Preferred:
        """A checkout for this body. Raises `Busy` and `Declined`."""
        return await self._send("/checkout/preferences", body, key, Preferred)

    async def payment(self, number: str) -> Seen:
        """The payment as it is now. Raises `Unknown`, `Busy` and `Declined`."""

        def read(received: Received) -> Seen:
            seen = shaped(Seen, done(received))
            if seen.number != number:
                raise Unfit("it is another payment")
            return seen

        return await self._upstream.call("GET", ("v1", "payments", number), read)

    async def payments_of(self, reference: str) -> list[Found]:
        """The payments of an order, the newest first, page by page. Raises `Busy` and `Declined`."""
        found: list[Found] = []
        while len(found) < MOST_ROWS:
            page = await self._page(reference, len(found))
            found += page.results
            if not page.results or len(found) >= page.paging.total:
                break
        return [one for one in found if one.reference == reference]

    async def refund(self, number: str, amount: Decimal | None, key: str) -> GivenBack:
        """Give so much of a payment back, or all that is left. Raises `Unknown`, `Busy` and `Declined`."""
        body = b"" if amount is None else orjson.dumps({"amount": exact(amount)})
        return await self._send(f"/v1/payments/{number}/refunds", body, key, GivenBack)

    async def refunds(self, number: str) -> list[GivenBack]:
        """What of a payment was given back. Raises `Unknown`, `Busy` and `Declined`."""

        def read(received: Received) -> list[GivenBack]:
            rows = done(received)
            if not isinstance(rows, list):
                raise Unfit("no list")
            return [shaped(GivenBack, row) for row in rows]

        return await self._upstream.call("GET", ("v1", "payments", number, "refunds"), read)

    async def _page(self, reference: str, skipped: int) -> Page:
        params = {
            "external_reference": reference,
            "sort": "date_created",
            "criteria": "desc",
            "limit": str(ROWS),
            "offset": str(skipped),
        }
        return await self._upstream.call(
            "GET", "/v1/payments/search", lambda received: shaped(Page, done(received)), params=params
        )

    async def _send(self, path: str, body: bytes, key: str, shape: type[T]) -> T:
        headers: Mapping[str, str] = {**JSON, "x-idempotency-key": key}
        return await self._upstream.call(
            "POST",
            path,
            lambda received: shaped(shape, done(received)),
            content=body,
            headers=headers,
            again=True,
        )


def exact(amount: Decimal) -> orjson.Fragment:
    """The amount as a JSON number with its two decimals; no float comes near it."""
    return orjson.Fragment(f"{amount:.2f}".encode())
