"""Who may hear which channel, and the one refusal for all that may not be heard."""

from esteio.base.errors import NotFound
from esteio.base.principal import Principal
from esteio.realtime.channels import Channels
from esteio.resources import Resources

WORDS = "There is no such channel for this caller."


class Admission:
    """A channel that does not exist, one of another tenant and one that is not allowed are refused alike."""

    def __init__(self, channels: Channels, resources: Resources) -> None:
        self._channels = channels
        self._resources = resources

    async def admit(self, principal: Principal, name: str) -> None:
        """Raise `NotFound` unless the caller may hear the channel in its tenant."""
        if not await self.allowed(principal, name):
            raise NotFound(WORDS)

    async def allowed(self, principal: Principal, name: str) -> bool:
        found = self._channels.find(name)
        if found is None:
            return False
        channel, subject = found
        return await channel.may(principal, self._resources, subject)
