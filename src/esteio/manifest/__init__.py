"""What a service declares of itself: one frozen object, data only."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from fastapi import APIRouter
from pydantic import BaseModel

from esteio.base.errors import EsteioError
from esteio.base.finding import Finding
from esteio.events.events import EventType
from esteio.http.exchange import Manner
from esteio.jobs.job import AnyJob
from esteio.jobs.kinds import Schedule
from esteio.limits.concurrency import Concurrency
from esteio.limits.policy import Policy
from esteio.quotas.quota import Quota
from esteio.realtime.channels import Channel
from esteio.resources import Resources
from esteio.upstream.party import Party
from esteio.webhooks.incoming import Incoming

HealthCheck = Callable[[Resources], Awaitable[None]]
"""Returns when the part is well, raises when it is not; the error's words go to the log and to detailed health.

A part that is not well takes the process out of service, unless it raises `Degraded`.
"""

Diagnosis = Callable[[Any, Resources], Awaitable[Sequence[Finding]]]
"""What an operator should know of a service before production, given its settings' section: for `esteio doctor`.

What its health says already is not said again.
"""


class Degraded(Exception):
    """A part is not well, which is worth knowing and no reason to send requests elsewhere. Its words are shown."""


T = TypeVar("T")
Mount = APIRouter | Callable[[Any], APIRouter]
"""Routes, or how they are made from the service's settings, where those say at which paths they are."""


class Part(Protocol):
    """What is opened and closed with a process that answers."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...


class Desk(Protocol):
    """What an operator's command works at, given to it as click's object (`@click.pass_obj`).

    `run` opens the house of the settings without its door, awaits the work with its resources and the settings'
    section of the service, and closes it.
    """

    def run(self, service: str, work: Callable[[Resources, Any], Coroutine[Any, Any, T]]) -> T: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A service, as the house sees it.

    routers: by version (`v1`, `v2`), mounted below `/api/<version>`; the empty version is mounted at the root.
    public: `"GET /api/v2/pets"` — each operation that needs no permission, so that none is open by oversight; a
    function of its settings where those say at which paths they are.
    permissions: name → what it allows. user_permissions: those that the role `user` holds.
    limits: the policies that its routes name, beside `default`. at_once: how many of what takes long may run at the
    same time. quotas: what a tenant may have and use of it.
    jobs: what it does later, with the functions that do it; schedules: which of them are due at which times, which its
    settings may decide.
    channels: what of its facts can be listened to, and by whom. incoming: whose webhooks it takes.
    upstreams: the parties that it calls.
    part: what its routes share in an API process, made from its settings and the resources; `house.parts` has it under
    the service's name. Its `open()` and `close()` are awaited with the house's own.
    manners: other parties' contracts that its routes name, each made from its settings and its part.
    command: `esteio <name> …`, a click command as `package.module:attribute`.
    health: parts of it that may be unwell, by the names they are shown under, which its settings may decide.
    doctor: what of its settings or its data would be wrong in production.
    migrations: folder of its Alembic revisions, which travel with it.
    """

    name: str
    title: str = ""
    routers: Mapping[str, Mount] = field(default_factory=dict)
    public: frozenset[str] | Callable[[Any], frozenset[str]] = frozenset()
    permissions: Mapping[str, str] = field(default_factory=dict)
    user_permissions: frozenset[str] = frozenset()
    limits: tuple[Policy, ...] = ()
    at_once: tuple[Concurrency, ...] = ()
    quotas: tuple[Quota, ...] = ()
    settings: type[BaseModel] | None = None
    errors: tuple[type[EsteioError], ...] = ()
    events: tuple[EventType, ...] = ()
    jobs: tuple[AnyJob, ...] = ()
    schedules: tuple[Schedule, ...] | Callable[[Any], tuple[Schedule, ...]] = ()
    channels: tuple[Channel, ...] = ()
    incoming: tuple[Incoming, ...] = ()
    upstreams: tuple[Party, ...] = ()
    part: Callable[[Any, Resources], Part] | None = None
    manners: Mapping[str, Callable[[Any, Any], Manner]] = field(default_factory=dict)
    command: str | None = None
    health: Mapping[str, HealthCheck] | Callable[[Any], Mapping[str, HealthCheck]] = field(default_factory=dict)
    doctor: Diagnosis | None = None
    migrations: Path | None = None

    def opens(self, section: Any) -> frozenset[str]:
        """The public operations under these settings of the service."""
        return self.public(section) if callable(self.public) else self.public

    def due(self, section: Any) -> tuple[Schedule, ...]:
        """The schedules under these settings of the service."""
        return self.schedules(section) if callable(self.schedules) else self.schedules

    def checks(self, section: Any) -> Mapping[str, HealthCheck]:
        """What health looks at under these settings of the service."""
        return self.health(section) if callable(self.health) else self.health
