"""Products, always answered: from Redis, else from the shop, else from PostgreSQL's copy."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Generic, Literal, TypeVar

import orjson

from esteio.base.errors import NotFound, Unavailable
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.jobs.enqueue import Order, enqueue_all
from esteio.resources import Resources
from esteio.services.store.products import Listed, Product, dumped, loaded, product_of
from esteio.services.store.queries import has_products, listed_products, seen_product
from esteio.services.store.settings import StoreSettings
from esteio.services.store.tasks import PERSIST, Fetched, order_of_missing, order_of_product, orders_of_list
from esteio.services.store.upstream import FAKESTORE, fetch_list, fetch_product
from esteio.upstream.background import Background
from esteio.upstream.cache import After, Fetch, Keeping, Kept
from esteio.upstream.errors import UpstreamUnavailable
from esteio.upstream.flights import Flights

T = TypeVar("T")

LIST = "products"
PRINCIPAL = "store"
MOST_ORDERED = 10_000
FAREWELL = 1.0


@dataclass(frozen=True, slots=True)
class Shown(Generic[T]):
    """A value and where it comes from. `at` is when it was fetched, in seconds of the epoch.

    `until` is how long it may be answered without another look, 0 for what was stale already. `stored` says that
    PostgreSQL's copy is known to hold it.
    """

    value: T
    state: Literal["HIT", "MISS", "STALE", "FALLBACK"]
    at: float
    until: float = 0.0

    @property
    def stored(self) -> bool:
        return self.state == "FALLBACK"


class Catalogue:
    """The shop's products, the same for every tenant. The list and each product are looked for separately.

    Must be asked outside of transactions: it may wait for the shop, `total_timeout` at most, and then for the copy.
    """

    def __init__(self, settings: StoreSettings, resources: Resources) -> None:
        self._settings = settings
        self._database = resources.database
        self._clock = resources.clock
        self._shop = resources.upstreams.to(FAKESTORE.name)
        self._cache = resources.upstreams.cache
        self._keeping = Keeping(settings.fresh, settings.stale, settings.missing)
        self._patience = settings.total_timeout + resources.redis.deadline
        self._loaded: tuple[bytes, Listed] = (b"", Listed(()))
        self._ordered: dict[str, tuple[str, float]] = {}
        self._background = Background()
        self._copies: Flights[tuple[Sequence[Product], datetime] | None] = Flights(self._background)

    async def open(self) -> None:
        """Nothing is opened before it is asked."""

    async def close(self) -> None:
        """End a read that nobody waits for any more."""
        await self._background.close(FAREWELL)

    async def products(self) -> Shown[Sequence[Product]]:
        """All products that the shop has. Raises `UpstreamUnavailable` where there is nothing to be shown."""
        try:
            kept = await self._look(LIST, self._fetch_list, self._keep_list)
        except UpstreamUnavailable as error:
            # One read for all who wait: the copy may be thousands of products.
            reading = self._copies.share(LIST, lambda: listed_products(self._database))
            found = await self._copied(reading, error)
            if found is None:
                raise
            return Shown(found[0], "FALLBACK", found[1].timestamp())
        assert kept.value is not None, "there always is a list"
        return self._shown(self._load(kept.value).products, kept)

    async def product(self, product_id: int) -> Shown[Product]:
        """One product. Raises `NotFound`, and `UpstreamUnavailable` where nobody can say whether there is one."""
        try:
            kept = await self._look(
                f"product:{product_id}",
                lambda: self._fetch_product(product_id),
                lambda fetched: self._keep_product(product_id, fetched),
            )
        except UpstreamUnavailable as error:
            seen = await self._copied(seen_product(self._database, product_id), error)
            if seen is None:
                raise
            if seen.vanished:
                raise NotFound from error
            return Shown(seen.product, "FALLBACK", seen.at.timestamp())
        if kept.value is None:
            raise NotFound
        return self._shown(product_of(orjson.loads(kept.value)), kept)

    async def _look(self, name: str, fetch: Fetch, after: After) -> Kept:
        """Ask the cache, and through it the shop, for no longer than both may take."""
        try:
            async with asyncio.timeout(self._patience):
                return await self._cache.get(FAKESTORE.name, name, fetch, self._keeping, after=after)
        except TimeoutError as error:
            raise UpstreamUnavailable(operator=f"{name}: nobody had fetched it in time") from error

    async def _copied(self, reading: Awaitable[T], cause: UpstreamUnavailable) -> T:
        """What PostgreSQL's copy says, waited for a short time only. Raises the cause where it cannot be asked."""
        try:
            async with asyncio.timeout(self._settings.copy_timeout):
                return await reading
        except (TimeoutError, Unavailable):
            raise cause from None

    async def _fetch_list(self) -> bytes:
        listed = await fetch_list(self._shop)
        if not listed.products:
            # A shop that seems to have closed may only have stumbled; what is known is worth more.
            doubt = UpstreamUnavailable(operator="the shop's list is empty, which the copy does not confirm")
            if await self._copied(has_products(self._database), doubt):
                raise doubt
        return dumped(listed)

    async def _fetch_product(self, product_id: int) -> bytes | None:
        product = await fetch_product(self._shop, product_id)
        return product.json if product is not None else None

    async def _keep_list(self, fetched: Kept) -> None:
        value = fetched.value
        if value is not None:
            await self._order(LIST, value, lambda: orders_of_list(loaded(value), fetched.at))

    async def _keep_product(self, product_id: int, fetched: Kept) -> None:
        name = f"product:{product_id}"
        value = fetched.value
        if value is not None:
            await self._order(name, value, lambda: [order_of_product(product_of(orjson.loads(value)), fetched.at)])
            return
        known = await seen_product(self._database, product_id)
        if known is not None and not known.vanished:
            await self._order(name, b"", lambda: [order_of_missing(product_id, fetched.at)])

    async def _order(self, name: str, content: bytes, orders: Callable[[], Sequence[Fetched]]) -> None:
        """Have it kept by jobs, unless this process has just done so, or is at it, with the very same: with Redis away
        it is fetched again and again.
        """
        digest, now = blake2b(content, digest_size=8).hexdigest(), self._clock.monotonic()
        before, since = self._ordered.get(name, ("", 0.0))
        if before == digest and now - since < self._settings.fresh / 2:
            return
        if len(self._ordered) >= MOST_ORDERED:
            self._ordered.clear()
        self._ordered[name] = (digest, now)
        listed = [Order(order, key=f"{name}:{digest}:{number}") for number, order in enumerate(orders())]
        try:
            async with transaction(self._database, DEFAULT_TENANT) as session:
                await enqueue_all(session, PERSIST, listed, tenant=DEFAULT_TENANT, principal=PRINCIPAL)
        except BaseException:
            self._ordered.pop(name, None)
            raise

    def _load(self, kept: bytes) -> Listed:
        """The list that the bytes say; it seldom differs from the one before."""
        if self._loaded[0] != kept:
            self._loaded = (kept, loaded(kept))
        return self._loaded[1]

    def _shown(self, value: T, kept: Kept) -> Shown[T]:
        fresh = self._settings.fresh * (1 - self._keeping.jitter)
        return Shown(value, kept.state, kept.at, 0.0 if kept.state == "STALE" else kept.at + fresh)
