"""From settings and manifests to one ASGI application."""

from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.types import Receive, Scope, Send

from esteio import __version__
from esteio.app.development import development
from esteio.app.documents import documents_router
from esteio.app.gate import Parts, build_gate
from esteio.app.platform import platform
from esteio.app.sockets import make_realtime
from esteio.auth.parts import Auth, make_auth
from esteio.auth.permissions import permissions_of
from esteio.base.clock import Clock, SystemClock
from esteio.base.errors import StartRefused
from esteio.catalog import SHIPPED
from esteio.console import Shells, console_router
from esteio.db.revisions import known_revisions
from esteio.http.answers import Envelope, dumps
from esteio.http.cache import ResponseCache
from esteio.http.cursors import Cursors
from esteio.http.exchange import Manner
from esteio.http.freshness import Freshness
from esteio.http.house import House
from esteio.http.idempotency import IdempotencyRecords
from esteio.http.metrics import CacheTally
from esteio.http.openapi import document
from esteio.http.problems import Problems
from esteio.http.routing import RouteTable
from esteio.http.times import SecondStamp
from esteio.limits.concurrency import Places, chosen
from esteio.limits.limiter import Limiter
from esteio.limits.logins import login_limit
from esteio.limits.metrics import LimitMetrics
from esteio.limits.overrides import Overrides
from esteio.manifest import Manifest, Part
from esteio.realtime.gate import Sockets
from esteio.resources import Resources, open_resources
from esteio.runtime.door import refuse_unfit
from esteio.runtime.elsewhere import elsewhere
from esteio.runtime.figures import Figures, make_census, make_vitals
from esteio.runtime.opening import make_resources, migration_folders, sections
from esteio.runtime.readiness import Readiness, needs_redis
from esteio.settings import Settings, read_settings
from esteio.telemetry.access import AccessLog
from esteio.telemetry.logs import ensure_configured
from esteio.traffic.backlog import Backlog
from esteio.traffic.parts import Traffic
from esteio.upstream.guard import Guard
from esteio.webhooks.incoming import sources_of
from esteio.webhooks.parts import Webhooks, sent


class Esteio:
    """The running house as an ASGI application.

    `api` holds the routes, `table` all operations with their rules, `readiness` the state of this process. `refused`
    is set when the start was refused: the server must then end with exit code 2.
    """

    def __init__(self, settings: Settings, services: Sequence[Manifest], clock: Clock) -> None:
        self.settings = settings
        self.refused: StartRefused | None = None
        self.api = FastAPI(
            title=settings.http.app_name,
            version=settings.http.api_version,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            lifespan=self._live,
        )
        documents = documents_router(
            release=__version__,
            settings=settings.http,
            document=lambda version: dumps(self.document(version)),
            operations=lambda: self.table,
        )
        self.shells = Shells(terms.issuer for terms in settings.auth.issuers if terms.console_client_id)
        self.manifests = (
            platform(settings, documents, console_router(self.shells, shown=settings.http.console)),
            *development(settings),
            *services,
        )
        _include(self.api, self.manifests, settings)
        self.table = RouteTable(self.api.routes)
        refuse_unfit(self.manifests, self.table, settings.services)
        self._policies = [policy for manifest in self.manifests for policy in manifest.limits]
        self.resources = make_resources(settings, clock, self.manifests)
        self.elsewhere = elsewhere(self.resources, reads=True)
        self._own = _parts_of(self.manifests, settings, self.resources)
        self.auth = _make_auth(settings, self.resources, self.manifests)
        self.limiter = Limiter(self.resources.redis, self._policies)
        at_once = chosen((one for manifest in self.manifests for one in manifest.at_once), settings.limits.at_once)
        self.places = Places(self.resources.redis, at_once, lambda: self.limiter.processes)
        self.auth.account_limit = login_limit(self.limiter, enabled=settings.limits.enabled)
        self.auth.client_limit = login_limit(self.limiter, enabled=settings.limits.enabled, policy="oauth.client")
        self.overrides = Overrides(self.resources.database, self.limiter, self.resources.bulletin, self._policies)
        self.realtime = make_realtime(settings, self.manifests, self.resources, self.auth, self.limiter)
        self.readiness = self._make_readiness()
        self.traffic = Traffic(self.resources)
        self._access = AccessLog(for_people=settings.telemetry.for_people) if settings.telemetry.access_log else None
        self._gate = build_gate(self.api, self._make_parts())
        self._sockets = Sockets(self._gate)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Every request passes the gate. What else a server calls, its lifespan, is for the application alone."""
        if scope["type"] == "http":
            return self._gate(scope, receive, send)
        return (self._sockets if scope["type"] == "websocket" else self.api)(scope, receive, send)

    def end_streams(self) -> None:
        """Tell open sockets and streams to come back elsewhere, and take no new ones: this process is ending."""
        self.realtime.end_all()

    def document(self, version: str) -> dict[str, object]:
        """The OpenAPI document of `v1` or `v2`."""
        return document(
            version,
            routes=self.api.routes,
            operations=self.table,
            events=list(sent(event for manifest in self.manifests for event in manifest.events).values()),
            title=self.settings.http.app_name,
            release=self.settings.http.api_version if version == "v2" else "1.0.0",
            server=self.settings.http.public_url,
            scopes=self.auth.permissions.declared,
        )

    def _make_readiness(self) -> Readiness:
        return Readiness(
            self.resources,
            known_revisions(migration_folders(self.manifests)),
            needs_redis(self._policies),
            {
                name: check
                for manifest in self.manifests
                for name, check in manifest.checks(self.settings.services.get(manifest.name)).items()
            },
        )

    def _make_parts(self) -> Parts:
        http, resources = self.settings.http, self.resources
        stamp = SecondStamp(resources.clock)
        envelope = Envelope(http.api_version, stamp.present, resources.clock.timestamp)
        records = IdempotencyRecords(resources.database, resources.keyring)
        cache = ResponseCache(http.cache_bytes, resources.clock, lambda: resources.bulletin.connected)
        self.api.state.readiness = self.readiness
        self.api.state.census = self._census = make_census(resources, self.manifests)
        self._vitals = make_vitals(resources, [CacheTally(cache).tell])
        self.api.state.auth = self.auth
        self.api.state.house = House(
            resources=resources,
            envelope=envelope,
            cursors=Cursors(resources.keyring),
            idempotency=records,
            freshness=Freshness(cache, resources.bulletin),
            settings=self.settings.services,
            parts={
                "limiter": self.limiter,
                "overrides": self.overrides,
                "audit": self.auth.audit,
                "webhooks": self._make_webhooks(),
                "realtime": self.realtime,
                "traffic": self.traffic,
                "shells": self.shells,
                "quotas": {quota.name: quota for manifest in self.manifests for quota in manifest.quotas},
                **self._own,
                "job_kinds": {job.kind.name: job.kind for manifest in self.manifests for job in manifest.jobs},
            },
        )
        return Parts(
            settings=self.settings,
            resources=resources,
            table=self.table,
            problems=Problems(
                base=http.public_url,
                version=http.api_version,
                stamp=stamp.present,
                name=http.app_name,
                console=http.console,
            ),
            envelope=envelope,
            stamp=stamp,
            cache=cache,
            records=records,
            auth=self.auth,
            limiter=self.limiter,
            places=self.places,
            consistency=self.elsewhere.consistency if self.elsewhere is not None else None,
            access=self._access,
            manners=_manners_of(self.manifests, self.settings.services, self._own),
            ending=lambda: self.readiness.draining,
            ended=self.traffic.tally.ended,
        )

    def _make_webhooks(self) -> Webhooks:
        return Webhooks(
            settings=self.settings.webhooks,
            guard=Guard(self.settings.upstream),
            keyring=self.resources.keyring,
            clock=self.resources.clock,
            audit=self.auth.audit,
            events=sent(event for manifest in self.manifests for event in manifest.events),
            sources=sources_of(
                [(manifest.name, manifest.incoming) for manifest in self.manifests], self.settings.services
            ),
        )

    @asynccontextmanager
    async def _live(self, _: FastAPI) -> AsyncIterator[None]:
        """Open everything, serve, close it in reverse."""
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(open_resources(self.resources))
                await self.readiness.verify_start()
            except StartRefused as refusal:
                self.refused = refusal
                raise
            opened: list[Part] = [
                *((self.elsewhere,) if self.elsewhere is not None else ()),
                self.traffic,
                self.auth,
                self.limiter,
                self.places,
                self.overrides,
                LimitMetrics(self.limiter),
                self._vitals,
                Figures(self._census, self.settings),
                Backlog(self.resources.database, self.resources.clock, self._census),
                self.realtime,
                *self._own.values(),
            ]
            for part in opened:
                await part.open()
                stack.push_async_callback(part.close)
            if self._access is not None:
                stack.callback(self._access.flush)
            yield


def create_app(
    settings: Settings | None = None, services: Sequence[Manifest] | None = None, clock: Clock | None = None
) -> Esteio:
    """The application with the given services (the shipped ones unless said), not yet opened.

    Raises `StartRefused` for settings that cannot be used and for services that do not pass the door.
    """
    chosen = SHIPPED if services is None else tuple(services)
    settings = settings or read_settings(sections(chosen))
    ensure_configured(settings.telemetry)
    return Esteio(settings, chosen, clock or SystemClock())


def _include(api: FastAPI, manifests: Iterable[Manifest], settings: Settings) -> None:
    for manifest in manifests:
        for version, mount in manifest.routers.items():
            router = mount if isinstance(mount, APIRouter) else mount(settings.services.get(manifest.name))
            api.include_router(router, prefix=f"/api/{version}" if version else "")


def _parts_of(manifests: Iterable[Manifest], settings: Settings, resources: Resources) -> dict[str, Part]:
    return {
        manifest.name: manifest.part(settings.services.get(manifest.name), resources)
        for manifest in manifests
        if manifest.part is not None
    }


def _manners_of(
    manifests: Iterable[Manifest], sections: Mapping[str, Any], parts: Mapping[str, Part]
) -> dict[str, Manner]:
    return {
        name: make(sections.get(manifest.name), parts.get(manifest.name))
        for manifest in manifests
        for name, make in manifest.manners.items()
    }


def _make_auth(settings: Settings, resources: Resources, manifests: Iterable[Manifest]) -> Auth:
    declared = {name: words for manifest in manifests for name, words in manifest.permissions.items()}
    for_users = {name for manifest in manifests for name in manifest.user_permissions}
    try:
        permissions = permissions_of(declared, for_users, settings.auth.user_permissions)
    except ValueError as error:
        raise StartRefused(f"The permissions do not fit together: {error}.") from error
    return make_auth(
        settings.auth,
        permissions,
        database=resources.database,
        keyring=resources.keyring,
        clock=resources.clock,
        bulletin=resources.bulletin,
        issuer=settings.http.public_url,
        mails=resources.mail.configured,
        upstream=settings.upstream,
    )
