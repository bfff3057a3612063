"""The platform's own manifest: accounts, keys, limits, health. It passes the same door as any service."""

from fastapi import APIRouter

from esteio.app import health
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


def platform(settings: Settings) -> Manifest:
    """What every deployment has, whatever its services."""
    return Manifest(
        name="platform",
        title="Esteio",
        routers={"": _together(health.probes), "v2": _together(health.v2, limits.router)},
        public=frozenset(HEALTH),
        permissions={
            **PERMISSIONS,
            **limits.PERMISSIONS,
            AUTHENTICATED: "Use one's own account",
            health.DETAIL: "See the state of each part in the health report",
            health.METRICS: "Read the metrics",
        },
        limits=(Policy.of("default", settings.limits.default),),
    )


def _together(*routers: APIRouter) -> APIRouter:
    whole = APIRouter()
    for router in routers:
        whole.include_router(router)
    return whole
