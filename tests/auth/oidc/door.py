"""This floor with issuers, as these tests open it: a desk on a database of its own, and stand-ins that sign."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from esteio.auth.parts import Auth
from esteio.auth.proof import Proof
from esteio.base.clock import Clock
from esteio.standins.oidc import Issuer
from tests.auth.desk import desk

CLERK = {"preset": "clerk", "create_tenants": True}
AUTH0 = {"preset": "auth0", "audience": ["esteio"], "create_tenants": True}
KEYCLOAK = {"preset": "keycloak", "create_tenants": True}
GENERIC = {"create_tenants": True}


def terms(issuer: Issuer, **members: Any) -> dict[str, Any]:
    """The settings of a stand-in."""
    return {"issuer": issuer.issuer, **members}


@asynccontextmanager
async def door(url: str, clock: Clock, *issuers: dict[str, Any], **settings: Any) -> AsyncIterator[Auth]:
    """One process that believes these issuers."""
    async with desk(url, clock=clock, issuers=list(issuers), **settings) as auth:
        yield auth


async def proved(auth: Auth, token: str) -> Proof | None:
    """What the token proves when nothing of it is remembered."""
    auth.credentials.forget_all()
    return await auth.prover.by_bearer(token.encode())


async def admitted(auth: Auth, token: str) -> Proof:
    """The same of a token that is good."""
    proof = await proved(auth, token)
    assert proof is not None
    return proof
