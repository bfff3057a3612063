"""The platform's own manifest: accounts, keys, limits, health. It passes the same door as any service."""

from fastapi import APIRouter

from esteio.app import health
from esteio.app.documents import PUBLIC as DOCUMENTS
from esteio.auth import routes as accounts
from esteio.auth.permissions import PERMISSIONS
from esteio.http.rules import AUTHENTICATED
from esteio.limits import routes as limits
from esteio.limits.policy import Policy
from esteio.manifest import Manifest
from esteio.settings import Settings

HEALTH = {
    "GET /livez",
    "GET /readyz",
    "GET /startupz",
    "GET /health",
    "GET /api/v2/health",
}


def platform(settings: Settings, documents: APIRouter) -> Manifest:
    """What every deployment has, whatever its services; `documents` are the pages for people."""
    return Manifest(
        name="platform",
        title="Esteio",
        routers={
            "": _together(health.probes, accounts.ROUTERS[""], documents),
            "v2": _together(health.v2, accounts.ROUTERS["v2"], limits.router),
        },
        public=frozenset(HEALTH) | accounts.PUBLIC | DOCUMENTS,
        permissions={
            **PERMISSIONS,
            **limits.PERMISSIONS,
            AUTHENTICATED: "Use one's own account",
            health.DETAIL: "See the state of each part in the health report",
            health.METRICS: "Read the metrics",
        },
        limits=(
            Policy.of("default", settings.limits.default),
            *(Policy.of(name, rate, per=per) for name, (rate, per) in accounts.LIMITS.items()),
        ),
    )


def _together(*routers: APIRouter) -> APIRouter:
    whole = APIRouter()
    for router in routers:
        whole.include_router(router)
    return whole
