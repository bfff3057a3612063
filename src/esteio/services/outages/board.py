"""The summary as everybody is shown it: the database is asked once for all who look, however many they are."""

from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

from esteio.base.clock import Clock
from esteio.base.errors import Unavailable
from esteio.db.database import Database
from esteio.http.answers import Origin, dumps
from esteio.http.freshness import Freshness
from esteio.services.outages.summary import summary_at
from esteio.services.outages.views import SummaryView
from esteio.upstream.background import Background
from esteio.upstream.flights import Flights

TAG = "outage"
SECONDS = 15.0
"""For which a summary is shown while nothing is reported: outages that were announced begin and end by themselves."""

UNHEARD = 1.0
"""The same while Redis is away, and with it the news of what other processes were told."""

REST = 5.0
"""Seconds for which a database that was away is not asked again where something older can be shown."""

MOST_TENANTS = 1_000


@dataclass(frozen=True, slots=True)
class Shown:
    """A summary with its JSON, and for how many seconds it may be kept; `origin` is said of one that is stale."""

    view: SummaryView
    data: bytes
    etag: str | None
    keep: float
    origin: Origin | None = None


@dataclass(slots=True)
class _Kept:
    """`since` is on the monotonic clock; the database is left alone until `again_at`."""

    view: SummaryView
    data: bytes
    etag: str
    seen: tuple[int, ...]
    since: float
    again_at: float = 0.0


class Board:
    """Keeps each tenant's last summary in the process: until the next report, and for `SECONDS` at most.

    While the database is away it is shown for `stale` seconds more.
    """

    def __init__(self, database: Database, clock: Clock, stale: float) -> None:
        self._database, self._clock, self._stale = database, clock, stale
        self._kept: dict[UUID, _Kept] = {}
        self._background = Background()
        self._flights: Flights[_Kept] = Flights(self._background)

    async def close(self) -> None:
        await self._background.close(0.0)

    async def shown(self, tenant: UUID, freshness: Freshness) -> Shown:
        """The summary. Raises `Unavailable` where there is none that is young enough."""
        seen, now = freshness.seen(tenant, TAG), self._clock.monotonic()
        most = SECONDS if freshness.in_touch else UNHEARD
        kept = self._kept.get(tenant)
        if kept is not None and kept.seen == seen and now < kept.since + most:
            return Shown(kept.view, kept.data, kept.etag, kept.since + most - now)
        if kept is not None and now < kept.again_at and self._may_show(kept):
            return self._old(kept)
        try:
            made = await self._flights.share((tenant, seen), lambda: self._make(tenant, seen))
        except Unavailable:
            if kept is None or not self._may_show(kept):
                raise
            kept.again_at = self._clock.monotonic() + REST
            return self._old(kept)
        return Shown(made.view, made.data, made.etag, made.since + most - self._clock.monotonic())

    async def _make(self, tenant: UUID, seen: tuple[int, ...]) -> _Kept:
        since = self._clock.monotonic()
        view = await summary_at(self._database, tenant, self._clock.now())
        made = _Kept(view, dumps(view), _tag(view), seen, since)
        self._kept.pop(tenant, None)
        self._kept[tenant] = made
        if len(self._kept) > MOST_TENANTS:
            del self._kept[next(iter(self._kept))]
        return made

    def _may_show(self, kept: _Kept) -> bool:
        return self._clock.monotonic() - kept.since <= self._stale

    def _old(self, kept: _Kept) -> Shown:
        return Shown(kept.view, kept.data, None, 0.0, Origin("STALE", kept.view.as_of.timestamp()))


def _tag(view: SummaryView) -> str:
    """That of the numbers, not of the moment."""
    said = dumps([view.totals, view.municipios, view.bands])
    return f'"{blake2b(said, digest_size=12).hexdigest()}"'
