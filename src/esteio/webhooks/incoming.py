"""Webhooks that others send here: who may, how they prove it, and which job works them off."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from pydantic import SecretStr

from esteio.base.errors import StartRefused
from esteio.base.principal import DEFAULT_TENANT
from esteio.jobs.kinds import JobKind
from esteio.webhooks.kinds import Received
from esteio.webhooks.schemes import Scheme

_SOURCE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A sender that a service listens to, at `POST /api/v2/hooks/{source}`.

    scheme: how it signs; tolerance: the member of the service's settings that overrules the scheme's member of this
    name. setting: the member that holds its secrets (`SecretStr`, several separated by commas while one is rotated);
    while that is empty nobody is listened to. job: what works off a message, with `Received` as payload. keep: further
    header fields that are kept. tenant: whose the messages are. A route of the service's own may take them in too
    (`routes.hooks.take_in`).
    """

    source: str
    scheme: Scheme
    setting: str
    tolerance: str | None = None
    job: JobKind[Received]
    keep: tuple[str, ...] = ()
    tenant: UUID = DEFAULT_TENANT

    def __post_init__(self) -> None:
        if not _SOURCE.fullmatch(self.source):
            raise ValueError("a source is 1 to 64 of a-z, 0-9 and '-'")
        if not issubclass(self.job.payload, Received):
            raise ValueError(f"the job {self.job.name} takes Received as its payload")


@dataclass(frozen=True, slots=True)
class Source:
    """A declared sender with the secrets that it may sign with."""

    incoming: Incoming
    secrets: tuple[str, ...] = field(repr=False)


def sources_of(declared: Iterable[tuple[str, Iterable[Incoming]]], settings: Mapping[str, Any]) -> dict[str, Source]:
    """The senders of all services by name; `declared` goes by service. Raises `StartRefused`."""
    found: dict[str, Source] = {}
    for service, senders in declared:
        for incoming in senders:
            if incoming.source in found:
                raise StartRefused(f"The incoming webhook {incoming.source} is declared twice.")
            section = settings.get(service)
            secrets = _secrets(section, service, incoming)
            found[incoming.source] = Source(_tuned(section, service, incoming), secrets)
    return found


def _tuned(section: Any, service: str, incoming: Incoming) -> Incoming:
    if incoming.tolerance is None:
        return incoming
    scheme: Any = incoming.scheme
    return replace(incoming, scheme=replace(scheme, tolerance=_setting(section, service, incoming, incoming.tolerance)))


def _setting(section: Any, service: str, incoming: Incoming, name: str) -> Any:
    if not hasattr(section, name):
        raise StartRefused(f"The service {service} has no setting {name} for {incoming.source}.")
    return getattr(section, name)


def _secrets(section: Any, service: str, incoming: Incoming) -> tuple[str, ...]:
    value = _setting(section, service, incoming, incoming.setting)
    text = value.get_secret_value() if isinstance(value, SecretStr) else value or ""
    parts = text.split(",") if isinstance(text, str) else text
    return tuple(part.strip() for part in parts if part.strip())
