"""Calls to a party that the house itself has chosen: bounded in time and size, refused while it is down."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import ceil
from time import monotonic
from typing import TypeVar

from esteio.base.clock import Clock
from esteio.db.openness import in_transaction
from esteio.redis.client import RedisClient
from esteio.telemetry.logs import log
from esteio.telemetry.sparse import SparseLog
from esteio.upstream.answer import Received, Unfit
from esteio.upstream.breaker import Breaker
from esteio.upstream.circuit import Pass, Resting
from esteio.upstream.errors import UpstreamUnavailable
from esteio.upstream.failures import CallFailed, Failing, TookTooLong
from esteio.upstream.metrics import call_seconds, failed_tries, retries
from esteio.upstream.party import Terms
from esteio.upstream.places import Place
from esteio.upstream.retries import HARMLESS, Budget, pause
from esteio.upstream.settings import UpstreamSettings
from esteio.upstream.wire import Wire

T = TypeVar("T")

LONGEST_WAIT = 3600
"""Seconds: what a party says beyond that is not passed on."""

LEASE_BEYOND = 1.0
"""How much longer than a whole call a probe may be silent before another is sent."""


class Upstream:
    """The client of one party, shared by everything in a process; its breaker is shared by all processes.

    Raises `UrlRefused` for terms whose URL cannot be called. Every try is a failure of the party that brings no whole
    answer in time, a status of 5xx or 429, a body larger than `terms.largest`, a compressed one (none is asked for),
    or one that `read` calls `Unfit`. Every other status is `read`'s to judge, redirects too: none is followed.
    """

    def __init__(
        self, name: str, terms: Terms, redis: RedisClient, clock: Clock, settings: UpstreamSettings | None = None
    ) -> None:
        self.name = name
        self.terms = terms
        self._place = Place(terms.url)
        self._wire = Wire(terms, self._place, clock, settings or UpstreamSettings())
        self._budget = Budget()
        self._log = SparseLog(log("esteio.upstream"), clock)
        self._breaker = Breaker(
            name, terms.failures, terms.rest, lease=terms.total + LEASE_BEYOND, redis=redis, clock=clock
        )

    async def call(
        self,
        method: str,
        path: str | Sequence[str],
        read: Callable[[Received], T],
        *,
        params: Mapping[str, str] | None = None,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        again: bool | None = None,
    ) -> T:
        """What `read` makes of the answer, within `terms.total` seconds.

        `path` is below the terms' URL and not yet encoded; given as segments, slashes in them are encoded too.
        `again` says whether a call that failed may be sent once more; methods that change nothing may unless it is
        said. Raises `UpstreamUnavailable`, `UrlRefused` for a path that climbs, and `RuntimeError` while a transaction
        is open in the calling task.
        """
        if in_transaction():
            raise RuntimeError(f"{self.name} is called within a transaction: call it before or after")
        url = self._place.to(path, params)

        async def send() -> T:
            return read(await self._wire.send(method, url, headers or {}, content))

        harmless = method.upper() in HARMLESS
        most = self.terms.tries if (harmless if again is None else again) else 1
        began, outcome = monotonic(), "cancelled"
        try:
            answer = await self._tries(send, most, began + self.terms.total)
            outcome = "answered"
        except Resting as error:
            outcome = "refused"
            raise self._unavailable(error, error.seconds) from None
        except (CallFailed, Unfit) as error:
            outcome = "failed"
            raise self._unavailable(error, _wish(error)) from error
        finally:
            call_seconds().labels(self.name, outcome).observe(monotonic() - began)
        return answer

    async def close(self) -> None:
        """Drop every connection."""
        await self._breaker.close()
        await self._wire.close()

    async def _tries(self, send: Callable[[], Awaitable[T]], most: int, end: float) -> T:
        self._budget.call()
        failed = 0
        while True:
            try:
                return await self._try(send, end)
            except (CallFailed, Unfit) as error:
                failed += 1
                wait = pause(failed, error, end - monotonic()) if failed < most else None
                if wait is None or not self._may_repeat():
                    raise
            await asyncio.sleep(wait)

    async def _try(self, send: Callable[[], Awaitable[T]], end: float) -> T:
        leave: Pass | None = None
        try:
            async with asyncio.timeout(max(0.0, end - monotonic())):
                leave = await self._breaker.enter()
                answer = await send()
        except (CallFailed, Unfit, TimeoutError) as error:
            failure = TookTooLong(f"more than {self.terms.total} s") if isinstance(error, TimeoutError) else error
            if leave is not None:
                self._note(failure, leave)
            raise failure from error
        except BaseException:
            if leave is not None:
                self._breaker.leave(leave)
            raise
        self._breaker.succeed(leave)
        return answer

    def _note(self, failure: Exception, leave: Pass) -> None:
        self._breaker.fail(leave)
        why = type(failure).__name__
        failed_tries().labels(self.name, why).inc()
        self._log.info("upstream.failed", party=self.name, why=why, cause=str(failure))

    def _may_repeat(self) -> bool:
        may = self._budget.take()
        retries().labels(self.name, "sent" if may else "saved").inc()
        return may

    def _unavailable(self, error: Exception, wish: float) -> UpstreamUnavailable:
        seconds = min(max(1, ceil(max(wish, self._breaker.rests))), LONGEST_WAIT)
        return UpstreamUnavailable(retry_after=seconds, operator=f"{self.name}: {type(error).__name__}: {error}")


def _wish(error: Exception) -> float:
    return (error.after or 0.0) if isinstance(error, Failing) else 0.0


__all__ = ["Received", "Unfit", "Upstream", "UpstreamUnavailable"]
