"""What is examined: the settings as they were read, what the services declare, and the ways to what runs."""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from esteio.base.clock import Clock, SystemClock
from esteio.base.errors import StartRefused
from esteio.doctor.patience import NotKnown
from esteio.doctor.server import Server
from esteio.manifest import Manifest
from esteio.redis.client import RedisClient
from esteio.resources import Resources, open_resources
from esteio.runtime.opening import make_resources, sections
from esteio.settings import Settings, read_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What the operator tells about the deployment, which no setting says.

    api_processes, worker_processes: of all machines together; `None`: as many as gave a sign of life lately. host:
    where the API listens. patience: seconds that one server may take to answer. certificates: PEM files of servers
    in front.
    """

    api_processes: int | None = None
    worker_processes: int | None = None
    host: str = ""
    patience: float = 4.0
    certificates: tuple[Path, ...] = ()


@dataclass(slots=True)
class Patient:
    """What cannot be had raises `NotKnown`, so that a check stays unanswered instead of failing."""

    read: Settings | StartRefused
    services: Sequence[Manifest]
    habits: Habits = field(default_factory=Habits)
    clock: Clock = field(default_factory=SystemClock)
    environ: Mapping[str, str] = field(default_factory=dict)
    _server: Server | None = None
    _resources: Resources | None = None

    @property
    def settings(self) -> Settings:
        if isinstance(self.read, StartRefused):
            raise NotKnown("the settings cannot be read")
        return self.read

    @property
    def server(self) -> Server:
        if self._server is None:
            raise NotKnown("the settings cannot be read")
        return self._server

    @property
    def resources(self) -> Resources:
        if self._resources is None:
            raise NotKnown("the settings cannot be read")
        return self._resources

    @property
    def redis(self) -> RedisClient:
        return self.resources.redis

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Patient"]:
        """Ready to be asked until the block ends. A server that is down or silent does not stop the opening."""
        if isinstance(self.read, StartRefused):
            yield self
            return
        self._server = Server(self.read.database, self.habits.patience)
        try:
            resources = make_resources(_patient(self.read, self.habits), self.clock, self.services)
            async with open_resources(resources) as own:
                self._resources = own
                yield self
        finally:
            self._resources = None
            await self._server.close()


def _patient(settings: Settings, habits: Habits) -> Settings:
    """The same settings with time-outs that are the doctor's: long enough for a far server, short for a dead one."""
    seconds = habits.patience
    files = settings.files.model_copy(update={"request_timeout": seconds, "retry_seconds": 0.0})
    mail = settings.mail.model_copy(update={"timeout": seconds})
    redis = settings.redis.model_copy(update={"deadline": min(seconds, 2.0)})
    database = settings.database.model_copy(update={"pool_max": 2, "connect_timeout": seconds})
    # What the doctor does is nobody's trace, and the extra that traces need may be what is missing.
    telemetry = settings.telemetry.model_copy(update={"traces_exporter": "none"})
    return settings.model_copy(
        update={"files": files, "mail": mail, "redis": redis, "database": database, "telemetry": telemetry}
    )


def admitted(services: Sequence[Manifest], habits: Habits, environ: Mapping[str, str] | None = None) -> Patient:
    """The deployment of the environment, whether its settings can be read or not."""
    read: Settings | StartRefused
    try:
        read = read_settings(sections(services), environ=environ)
    except StartRefused as refusal:
        read = refusal
    return Patient(read, services, habits, environ=dict(os.environ if environ is None else environ))
