"""The caller of a route, as its parameter."""

from typing import Annotated

from fastapi import Depends, Request

from esteio.auth.parts import Auth
from esteio.base.principal import Principal
from esteio.http.exchange import exchange_of


async def _principal(request: Request) -> Principal:
    return exchange_of(request.scope).principal


async def _parts(request: Request) -> Auth:
    auth: Auth = request.app.state.auth
    return auth


Caller = Annotated[Principal, Depends(_principal)]
"""Who is calling: proved, or `ANONYMOUS` on a public route."""

AuthParts = Annotated[Auth, Depends(_parts)]
"""This package's parts, as opened with the process."""
