"""What may be listened to: each channel with the facts it shows and who may hear them."""

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from esteio.base.principal import Principal
from esteio.resources import Resources

Authoriser = Callable[[Principal, Resources, str], Awaitable[bool]]
"""Whether the caller may listen to the subject in its own tenant; the subject is empty for a channel without one.

It says no to a subject that does not exist, so that nobody learns which do.
"""

_SUBJECT = re.compile(r"[A-Za-z0-9_-]{1,100}")
_PLACE = "{id}"


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
        return self.name.endswith("." + _PLACE)

    def names_for(self, event: str, subject: str) -> str | None:
        """The channel's name that shows this fact, if it does."""
        if not event.startswith(self.events):
            return None
        return self.name.replace(_PLACE, subject)


class Channels:
    """All channels of a deployment."""

    def __init__(self, channels: Iterable[Channel]) -> None:
        self._all = tuple(channels)
        self._named = {channel.name: channel for channel in self._all}

    def find(self, name: str) -> tuple[Channel, str] | None:
        """The channel that a client names, and the subject in the name; `None` for one that nobody declares."""
        head, dot, subject = name.rpartition(".")
        if dot and _SUBJECT.fullmatch(subject):
            channel = self._named.get(f"{head}.{_PLACE}")
            if channel is not None:
                return channel, subject
        plain = self._named.get(name)
        return None if plain is None or plain.by_subject else (plain, "")

    def showing(self, event: str, subject: str) -> list[str]:
        """The names of the channels that show a fact."""
        names = (channel.names_for(event, subject) for channel in self._all)
        return [name for name in names if name is not None]
