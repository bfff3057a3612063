"""Everything of this package that the API opens once a process."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager

from esteio.auth.parts import Auth
from esteio.base.errors import EsteioError, NotFound, RateLimited, Unavailable
from esteio.base.principal import Principal
from esteio.realtime import metrics
from esteio.realtime.admission import Admission
from esteio.realtime.channels import Channel, Channels
from esteio.realtime.credentials import Credential, Proving
from esteio.realtime.history import History
from esteio.realtime.hub import Hub
from esteio.realtime.listener import LATER, RESTART, Listener
from esteio.realtime.messages import refusal
from esteio.realtime.origins import Origins
from esteio.realtime.settings import RealtimeSettings
from esteio.realtime.standing import Standing
from esteio.realtime.tickets import Tickets
from esteio.resources import Resources

Charge = Callable[[Principal, str], Awaitable[None]]
"""Charges a message of the caller from the address; raises `RateLimited`."""


class Realtime:
    """Sockets and streams find here what they need. `end_all` is for the end of the process."""

    def __init__(
        self,
        settings: RealtimeSettings,
        channels: Iterable[Channel],
        *,
        resources: Resources,
        auth: Auth,
        origins: Origins,
        charge: Charge,
    ) -> None:
        self.settings = settings
        self.origins = origins
        self.charge = charge
        self.proving = Proving(auth.credentials, auth.prover)
        self.tickets = Tickets(resources.redis, resources.keyring, settings.ticket_seconds)
        self.channels = tuple(sorted(channels, key=lambda channel: channel.name))
        self.admission = Admission(Channels(self.channels), resources)
        self.hub = Hub(history_of(resources, settings), resources.bulletin)
        self._standing = Standing(self.proving, resources.bulletin, auth.settings.freshness_seconds, self._reconsider)
        self._open: dict[Listener, None] = {}
        self._callers: Counter[str] = Counter()
        self._ending = False

    async def open(self) -> None:
        await self.hub.open()
        await self._standing.open()

    async def close(self) -> None:
        await self._standing.close()
        await self.hub.close()

    def end_all(self) -> None:
        """Tell everyone to come back, and take nobody new: they lose nothing by resuming at another process."""
        self._ending = True
        for listener in list(self._open):
            listener.end(RESTART, "reconnect: this process is ending")

    def check_room(self, principal: Principal, address: str) -> None:
        """Raises `Unavailable` where no more connections are taken, `RateLimited` for a caller that has too many."""
        if self._ending or len(self._open) >= self.settings.connections:
            raise Unavailable("No more connections are taken at the moment.", retry_after=1 if self._ending else 5)
        if self._callers[_caller(principal, address)] >= self.settings.connections_per_caller:
            raise RateLimited("You have too many open connections.", headers={"Retry-After": "5"})

    @contextmanager
    def listening(self, listener: Listener, kind: str, shown: Credential | None) -> Iterator[None]:
        """The listener counts, and is proved again, until the block ends."""
        caller = _caller(listener.principal, listener.address)
        self._open[listener] = None
        self._callers[caller] += 1
        metrics.connections().labels(kind).inc()
        if shown is not None:
            self._standing.watch(listener, shown)
        try:
            yield
        finally:
            if shown is not None:
                self._standing.forget(listener, shown)
            self.hub.leave_all(listener)
            metrics.connections().labels(kind).dec()
            self._callers[caller] -= 1
            if not self._callers[caller]:
                del self._callers[caller]
            del self._open[listener]

    async def _reconsider(self, listener: Listener, principal: Principal) -> None:
        """The caller may hear other channels than before: those that it lost end."""
        listener.principal = principal
        for name in self.hub.heard_by(listener):
            try:
                await self.admission.admit(principal, name)
            except NotFound as error:
                self.hub.leave(listener, name)
                listener.lost(refusal(error, name))
            except EsteioError:
                listener.end(LATER, "your permissions cannot be checked at the moment")
                return


def history_of(resources: Resources, settings: RealtimeSettings) -> History:
    """The history of the deployment, as relays write it and hubs read it."""
    return History(resources.redis, most=settings.history_messages, seconds=settings.history_seconds)


def _caller(principal: Principal, address: str) -> str:
    return f"address:{address}" if principal.anonymous else principal.id
