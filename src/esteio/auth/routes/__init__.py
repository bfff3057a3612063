"""The routes of this package: what they answer, who may call them, how often.

`ROUTERS` is by version; the empty one is mounted at the root, where `/auth/login` and its companions answer plain JSON.
"""

from collections.abc import Mapping
from typing import Literal

from fastapi import APIRouter

from esteio.auth.permissions import PERMISSIONS
from esteio.auth.routes import (
    audit,
    clients,
    invitations,
    keys,
    login,
    mailed,
    oauth,
    organizations,
    permissions,
    roles,
    signing,
    tenants,
    users,
    ways,
)

__all__ = ["LIMITS", "PERMISSIONS", "PUBLIC", "ROUTERS"]

_PATHS = (
    "/auth/register",
    "/auth/login",
    "/auth/refresh",
    "/auth/logout",
    "/auth/password/forgot",
    "/auth/password/reset",
    "/auth/email/verify",
)

PUBLIC = frozenset(
    {f"POST {prefix}{path}" for prefix in ("", "/api/v2") for path in _PATHS}
    | {"GET /.well-known/jwks.json"}
    | oauth.PUBLIC
    | invitations.PUBLIC
    | ways.PUBLIC
)
"""What has to be open to callers without credentials."""

LIMITS: Mapping[str, tuple[str, Literal["account_address", "address", "tenant", "principal"]]] = {
    "login": ("5/minute", "account_address"),
    oauth.LIMIT: ("600/minute", "address"),
    "oauth.client": ("60/minute", "account_address"),
    organizations.LIMIT: ("10/hour", "principal"),
    invitations.SENT: ("60/hour", "tenant"),
    invitations.ANSWERED: ("30/minute", "address"),
}
"""Name → rate and whom it counts. No route names those of an account: it is in the body, so `Auth.account_limit` and
`Auth.client_limit` charge them."""


def _together(*routers: APIRouter) -> APIRouter:
    whole = APIRouter()
    for router in routers:
        whole.include_router(router)
    return whole


ROUTERS: Mapping[str, APIRouter] = {
    "v2": _together(
        login.v2,
        ways.router,
        mailed.v2,
        keys.router,
        clients.router,
        users.router,
        organizations.router,
        invitations.router,
        roles.router,
        permissions.router,
        tenants.router,
        audit.router,
        signing.router,
    ),
    "": _together(login.root, mailed.root, signing.root, oauth.root),
}
