"""An issuer's keys in the memory of a process: fresh, new ones found at once, kept while the issuer is down."""

from esteio.auth.oidc.bucket import Bucket
from esteio.auth.oidc.keys import Key, KeySet
from esteio.auth.oidc.metrics import key_fetches
from esteio.auth.oidc.settings import IssuerSettings
from esteio.auth.oidc.source import FAILURES, Source
from esteio.base.clock import Clock
from esteio.base.errors import Unavailable
from esteio.telemetry.logs import log
from esteio.telemetry.sparse import SparseLog
from esteio.upstream.background import Background
from esteio.upstream.flights import Flights

HOUR = 3600.0
PAUSE = 2.0
"""Seconds after a failed fetch in which nobody tries again."""

STRANGERS = 5
STRANGERS_EACH = 5.0
"""Names of keys that nobody knows cause so many fetches at once, and then one in so many seconds."""

DOUBLY = 2


class IssuerKeys:
    """One fetch at a time, shared by all who wait for it.

    Keys are fetched anew in the background once they are `keys_refresh_seconds` old; who comes when they are twice as
    old, because nobody called meanwhile, waits for that, so that a key which was withdrawn does not serve. A fetch that
    fails, or brings what is no key set, leaves those that are there for up to `keys_kept_hours`.
    """

    def __init__(self, terms: IssuerSettings, source: Source, clock: Clock, background: Background) -> None:
        self._terms = terms
        self._source = source
        self._now = clock.monotonic
        self._background = background
        self._flights: Flights[None] = Flights(background)
        self._strangers = Bucket(STRANGERS, STRANGERS_EACH, clock)
        self._log = SparseLog(log("esteio.oidc"), clock)
        self._keys: KeySet | None = None
        self._fetched_at = 0.0
        self._failed_at: float | None = None

    async def find(self, kid: str | None, algorithm: str) -> Key | None:
        """The key for a token that names this key and algorithm.

        Raises `Unavailable` when there are no keys and none can be had.
        """
        keys = await self._present()
        if kid is not None and not keys.knows(kid):
            keys = await self._newer(kid, keys)
        return keys.find(kid, algorithm)

    def prepare(self) -> None:
        """Fetch the keys in the background, before the first token comes."""
        self._background.start(self._refresh())

    async def _present(self) -> KeySet:
        keys = self._kept()
        if keys is None:
            return await self._first()
        age, refresh = self._age(), self._terms.keys_refresh_seconds
        if age > refresh and not self._resting:
            if age > refresh * DOUBLY and self._failed_at is None:
                await self._refresh()
                return self._kept() or keys
            if not self._flights.under_way(self):
                self._background.start(self._refresh())
        return keys

    async def _first(self) -> KeySet:
        if not self._resting or self._flights.under_way(self):
            await self._refresh()
        keys = self._kept()
        if keys is None:
            raise Unavailable(
                "The keys of the token's issuer cannot be had: try again after the seconds in Retry-After.",
                operator=f"no keys of {self._terms.issuer}",
            )
        return keys

    async def _newer(self, kid: str, keys: KeySet) -> KeySet:
        """What a fetch brings that is begun now; one that was under way may have been answered before."""
        if self._flights.under_way(self):
            await self._refresh()
            keys = self._kept() or keys
        if not keys.knows(kid) and not self._resting and self._strangers.take():
            await self._refresh()
            keys = self._kept() or keys
        return keys

    def _kept(self) -> KeySet | None:
        return self._keys if self._age() <= self._terms.keys_kept_hours * HOUR else None

    def _age(self) -> float:
        return self._now() - self._fetched_at

    @property
    def _resting(self) -> bool:
        return self._failed_at is not None and self._now() - self._failed_at < PAUSE

    async def _refresh(self) -> None:
        """Fetch, or wait for the fetch that is under way; a failure is noted and raises nothing."""
        await self._flights.share(self, self._fetch)

    async def _fetch(self) -> None:
        issuer = self._terms.issuer
        try:
            keys = await self._source.fetch()
        except FAILURES as error:
            self._failed_at = self._now()
            key_fetches().labels(issuer, "failed").inc()
            self._log.info("oidc.keys_not_fetched", issuer=issuer, cause=f"{type(error).__name__}: {error}")
            return
        if self._failed_at is not None:
            log("esteio.oidc").info("oidc.keys_fetched_again", issuer=issuer)
        self._keys, self._fetched_at, self._failed_at = keys, self._now(), None
        key_fetches().labels(issuer, "fetched").inc()
