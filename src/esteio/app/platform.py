"""The platform's own manifest: accounts, keys, limits, health. It passes the same door as any service."""

from fastapi import APIRouter

from esteio.app import downloads, health, tasks
from esteio.app.documents import PUBLIC as DOCUMENTS
from esteio.auth import routes as accounts
from esteio.auth.errors import EmailNotVerified, MailOff, NotSameOrigin
from esteio.auth.oauth.errors import OAUTH_ERRORS
from esteio.auth.oauth.manner import MANNER, OAuthManner
from esteio.auth.permissions import PERMISSIONS
from esteio.console import PUBLIC as CONSOLE
from esteio.events.tasks import TASK_EVENTS
from esteio.files.errors import FileGone, RangeNotSatisfiable, StorageFull
from esteio.http.rules import AUTHENTICATED
from esteio.jobs.errors import JobTimedOut, NotCancellable, NotRetriable, Permanent, WorkerLost
from esteio.limits import routes as limits
from esteio.limits.concurrency import TooManyAtOnce
from esteio.limits.policy import Policy
from esteio.manifest import Manifest
from esteio.quotas import routes as quotas
from esteio.quotas.errors import QuotaExceeded, QuotaSpent
from esteio.realtime import routes as realtime
from esteio.realtime.errors import UpgradeRequired
from esteio.runtime.carried import PLATFORM_JOBS, PLATFORM_SCHEDULES
from esteio.runtime.channels import PLATFORM_CHANNELS
from esteio.settings import Settings
from esteio.traffic import routes as traffic
from esteio.webhooks import routes as webhooks
from esteio.webhooks.errors import EndpointDisabled, InvalidSignature, TooManyEndpoints, TooManySecrets
from esteio.webhooks.events import WEBHOOK_EVENTS

HEALTH = {
    "GET /livez",
    "GET /readyz",
    "GET /startupz",
    "GET /health",
    "GET /api/v2/health",
}


def platform(settings: Settings, documents: APIRouter, console: APIRouter) -> Manifest:
    """What every deployment has, whatever its services; `documents` and `console` are the pages for people."""
    return Manifest(
        name="platform",
        title="Esteio",
        routers={
            "": _together(health.probes, accounts.ROUTERS[""], tasks.plain, realtime.root, documents, console),
            "v2": _together(
                health.v2,
                accounts.ROUTERS["v2"],
                limits.router,
                quotas.router,
                traffic.router,
                tasks.router,
                downloads.router,
                webhooks.router,
                realtime.v2,
            ),
        },
        public=frozenset(HEALTH)
        | accounts.PUBLIC
        | DOCUMENTS
        | CONSOLE
        | downloads.PUBLIC
        | webhooks.PUBLIC
        | realtime.PUBLIC,
        permissions={
            **PERMISSIONS,
            **limits.PERMISSIONS,
            **quotas.PERMISSIONS,
            **traffic.PERMISSIONS,
            **tasks.PERMISSIONS,
            **webhooks.PERMISSIONS,
            AUTHENTICATED: "Use one's own account",
            health.DETAIL: "See the state of each part in the health report",
            health.METRICS: "Read the metrics",
        },
        user_permissions=frozenset({quotas.READ}),
        limits=(
            *downloads.LIMITS,
            Policy.of("default", settings.limits.default),
            Policy.of(webhooks.HOOKS_LIMIT, settings.webhooks.incoming_limit, per="address"),
            Policy.of(realtime.LIMIT, settings.realtime.messages),
            Policy.of("jobs.enqueue", settings.jobs.enqueue_limit),
            *(Policy.of(name, rate, per=per) for name, (rate, per) in accounts.LIMITS.items()),
        ),
        at_once=downloads.AT_ONCE,
        errors=(
            TooManyAtOnce,
            MailOff,
            EmailNotVerified,
            NotSameOrigin,
            Permanent,
            JobTimedOut,
            WorkerLost,
            NotCancellable,
            NotRetriable,
            StorageFull,
            FileGone,
            RangeNotSatisfiable,
            InvalidSignature,
            EndpointDisabled,
            TooManyEndpoints,
            TooManySecrets,
            UpgradeRequired,
            *OAUTH_ERRORS,
            QuotaExceeded,
            QuotaSpent,
        ),
        events=(*TASK_EVENTS, *WEBHOOK_EVENTS),
        jobs=PLATFORM_JOBS,
        schedules=PLATFORM_SCHEDULES,
        channels=PLATFORM_CHANNELS,
        health={"disk": health.disk},
        manners={MANNER: lambda _settings, _part: OAuthManner()},
    )


def _together(*routers: APIRouter) -> APIRouter:
    whole = APIRouter()
    for router in routers:
        whole.include_router(router)
    return whole
