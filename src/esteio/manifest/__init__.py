"""What a service declares of itself: one frozen object, data only."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter
from pydantic import BaseModel

from esteio.base.errors import EsteioError
from esteio.events.events import EventType
from esteio.jobs.job import AnyJob
from esteio.jobs.kinds import Schedule
from esteio.limits.policy import Policy
from esteio.realtime.channels import Channel
from esteio.resources import Resources
from esteio.webhooks.incoming import Incoming

HealthCheck = Callable[[Resources], Awaitable[None]]
"""Returns when the part is well, raises when it is not; the error's words go to the log and to detailed health."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A service, as the house sees it.

    routers: by version (`v1`, `v2`), mounted below `/api/<version>`; the empty version is mounted at the root.
    public: `"GET /api/v2/pets"` — each operation that needs no permission, so that none is open by oversight.
    permissions: name → what it allows. user_permissions: those that the role `user` holds.
    limits: the policies that its routes name, beside `default`.
    jobs: what it does later, with the functions that do it; schedules: which of them are due at which times.
    channels: what of its facts can be listened to, and by whom. incoming: whose webhooks it takes.
    migrations: folder of its Alembic revisions, which travel with it.
    """

    name: str
    title: str = ""
    routers: Mapping[str, APIRouter] = field(default_factory=dict)
    public: frozenset[str] = frozenset()
    permissions: Mapping[str, str] = field(default_factory=dict)
    user_permissions: frozenset[str] = frozenset()
    limits: tuple[Policy, ...] = ()
    settings: type[BaseModel] | None = None
    errors: tuple[type[EsteioError], ...] = ()
    events: tuple[EventType, ...] = ()
    jobs: tuple[AnyJob, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    channels: tuple[Channel, ...] = ()
    incoming: tuple[Incoming, ...] = ()
    health: Mapping[str, HealthCheck] = field(default_factory=dict)
    migrations: Path | None = None
