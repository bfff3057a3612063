"""The routes of this package: what they answer, who may call them, how often.

`ROUTERS` is by version; the empty one is mounted at the root, where `/auth/login` and its companions answer plain JSON.
"""

from collections.abc import Mapping
from typing import Literal

from fastapi import APIRouter

from esteio.auth.permissions import PERMISSIONS
from esteio.auth.routes import audit, keys, login, roles, signing, tenants, users

__all__ = ["LIMITS", "PERMISSIONS", "PUBLIC", "ROUTERS"]

_PATHS = ("/auth/register", "/auth/login", "/auth/refresh", "/auth/logout")

PUBLIC = frozenset(
    {f"POST {prefix}{path}" for prefix in ("", "/api/v2") for path in _PATHS} | {"GET /.well-known/jwks.json"}
)
"""What has to be open to callers without credentials."""

LIMITS: Mapping[str, tuple[str, Literal["account_address"]]] = {"login": ("5/minute", "account_address")}
"""Name → rate and whom it counts. No route names it: the account is in the body, so `Auth.account_limit` charges it."""


def _together(*routers: APIRouter) -> APIRouter:
    whole = APIRouter()
    for router in routers:
        whole.include_router(router)
    return whole


ROUTERS: Mapping[str, APIRouter] = {
    "v2": _together(login.v2, keys.router, users.router, roles.router, tenants.router, audit.router, signing.router),
    "": _together(login.root, signing.root),
}
