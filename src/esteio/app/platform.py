"""The platform's own manifest: accounts, keys, limits, health. It passes the same door as any service."""

from fastapi import APIRouter

from esteio.app import health, tasks
from esteio.app.documents import PUBLIC as DOCUMENTS
from esteio.auth import routes as accounts
from esteio.auth.permissions import PERMISSIONS
from esteio.events.tasks import TASK_EVENTS
from esteio.http.rules import AUTHENTICATED
from esteio.jobs.errors import JobTimedOut, NotCancellable, NotRetriable, Permanent, WorkerLost
from esteio.limits import routes as limits
from esteio.limits.policy import Policy
from esteio.manifest import Manifest
from esteio.runtime.carried import PLATFORM_JOBS, PLATFORM_SCHEDULES
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
            "": _together(health.probes, accounts.ROUTERS[""], tasks.plain, documents),
            "v2": _together(health.v2, accounts.ROUTERS["v2"], limits.router, tasks.router),
        },
        public=frozenset(HEALTH) | accounts.PUBLIC | DOCUMENTS,
        permissions={
            **PERMISSIONS,
            **limits.PERMISSIONS,
            **tasks.PERMISSIONS,
            AUTHENTICATED: "Use one's own account",
            health.DETAIL: "See the state of each part in the health report",
            health.METRICS: "Read the metrics",
        },
        limits=(
            Policy.of("default", settings.limits.default),
            Policy.of("jobs.enqueue", settings.jobs.enqueue_limit),
            *(Policy.of(name, rate, per=per) for name, (rate, per) in accounts.LIMITS.items()),
        ),
        errors=(Permanent, JobTimedOut, WorkerLost, NotCancellable, NotRetriable),
        events=TASK_EVENTS,
        jobs=PLATFORM_JOBS,
        schedules=PLATFORM_SCHEDULES,
    )


def _together(*routers: APIRouter) -> APIRouter:
    whole = APIRouter()
    for router in routers:
        whole.include_router(router)
    return whole
