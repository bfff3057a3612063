"""What may be listened to: each channel with the facts it shows and who may hear them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from esteio.base.principal import Principal
from esteio.resources import Resources

Authoriser = Callable[[Principal, Resources, str], Awaitable[bool]]
"""Whether the caller may listen to the subject in its own tenant; the subject is empty for a channel without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel of a service, within each tenant.

    name: `pets`, or `pets.{id}` for one per subject. events: beginnings of names of facts (`pet.`) that it shows; one
    per subject shows those whose subject it is. may: who may listen.
    """

    name: str
    events: tuple[str, ...]
    may: Authoriser

    @property
    def by_subject(self) -> bool:
        return self.name.endswith(".{id}")

    def names_for(self, event: str, subject: str) -> str | None:
        """The channel's name that shows this fact, if it does."""
        if not event.startswith(self.events):
            return None
        return self.name.replace("{id}", subject)
