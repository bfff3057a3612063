"""What the routes of this package work with, made once a process."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from esteio.auth.audit import Audit
from esteio.base.clock import Clock
from esteio.base.crypto import Keyring
from esteio.events.events import EventType
from esteio.upstream.guard import Guard
from esteio.webhooks.incoming import Source
from esteio.webhooks.messages import EVERYTHING, NOT_SENT
from esteio.webhooks.schemas import EventView
from esteio.webhooks.settings import WebhookSettings


@dataclass(frozen=True, kw_only=True)
class Webhooks:
    """Routes find it in the house's parts as `webhooks`. `events` are those that are sent, by name."""

    settings: WebhookSettings
    guard: Guard
    keyring: Keyring
    clock: Clock
    audit: Audit
    events: Mapping[str, EventType]
    sources: Mapping[str, Source] = field(default_factory=dict)

    @cached_property
    def shown_events(self) -> list[EventView]:
        """The events with the shapes of their data, worked out once."""
        return [
            EventView(name=event.name, summary=event.summary, data_schema=event.data.model_json_schema())
            for event in self.events.values()
        ]

    def knows(self, pattern: str) -> bool:
        """Whether a subscription names something that can happen."""
        if pattern == EVERYTHING or pattern in self.events:
            return True
        return pattern.endswith(".*") and any(name.startswith(pattern[:-1]) for name in self.events)


def sent(events: Iterable[EventType]) -> dict[str, EventType]:
    """Those of the declared events that receivers may ask for."""
    return {event.name: event for event in events if event.name not in NOT_SENT}
