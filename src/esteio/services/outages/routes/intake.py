"""Bodies that are no JSON document: of a stated kind, bounded, taken in before a transaction begins."""

from collections.abc import AsyncIterator, Collection

from fastapi import Request
from starlette.requests import ClientDisconnect

from esteio.base.errors import BadRequest, UnsupportedMediaType
from esteio.http.exchange import exchange_of


def kind_of(request: Request, kinds: Collection[str]) -> str:
    """The body's media type, one of these and in UTF-8. Raises `UnsupportedMediaType`."""
    stated = exchange_of(request.scope).headers.get(b"content-type", b"").decode("latin-1").lower()
    kind, _, more = stated.partition(";")
    charset = more.replace(" ", "").replace('"', "")
    if kind.strip() not in kinds or ("charset=" in charset and "charset=utf-8" not in charset):
        raise UnsupportedMediaType(f"Send the body as {' or '.join(sorted(kinds))}, in UTF-8.")
    return kind.strip()


async def chunks(request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives, within the route's bound. Raises `BadRequest` where the connection ends within it."""
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        raise BadRequest("The connection ended within the body.") from error
