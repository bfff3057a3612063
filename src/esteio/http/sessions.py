"""The transaction of a request, as a dependency of its route."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.db.transaction import after_commit, touched, transaction
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of


async def _in_transaction(request: Request) -> AsyncIterator[AsyncSession]:
    """Begin as the caller's tenant; store the answer of an idempotent request; commit before anything is sent."""
    exchange, house = exchange_of(request.scope), house_of(request)
    tenant = exchange.principal.tenant
    async with transaction(house.database, tenant) as session:
        if exchange.claim is not None:
            await house.idempotency.claim(session, exchange.claim)
        after_commit(session, lambda: house.freshness.spread(tenant, touched(session)))
        yield session
        if exchange.claim is not None and exchange.answer is not None:
            await house.idempotency.fill(session, exchange.claim, exchange.answer)


# With FastAPI's default scope the commit would follow the answer, and one that fails would have been told as a 200.
Session = Annotated[AsyncSession, Depends(_in_transaction, scope="function")]
"""A session in the caller's tenant. It commits when the route returns and before the answer leaves."""
