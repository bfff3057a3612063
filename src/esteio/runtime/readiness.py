"""Whether this process may be sent requests: what is checked, and how long an answer is good."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field

from esteio.base.errors import EsteioError, StartRefused
from esteio.db.pooling import PoolerUnfit
from esteio.db.revisions import Revisions, present_revisions
from esteio.db.tenancy import refuse_unsafe_start
from esteio.limits.policy import Policy
from esteio.manifest import Degraded, HealthCheck
from esteio.resources import Resources
from esteio.telemetry.logs import log

_GOOD_FOR = 1.0
_CHECK_WITHIN = 2.0
_DEGRADED = "degraded: "


@dataclass(slots=True)
class Readiness:
    """The state of one process. `draining` is set on SIGTERM: then it is not ready, though it still answers."""

    resources: Resources
    revisions: Revisions
    needs_redis: bool
    checks: Mapping[str, HealthCheck] = field(default_factory=dict)
    draining: bool = False
    started: bool = False
    _safe: bool = False
    _checked_at: float = float("-inf")
    _last: dict[str, str] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def verify_start(self) -> None:
        """Refuse to serve a schema that is not safe. A database that is down is waited for by readiness instead."""
        try:
            async with asyncio.timeout(_CHECK_WITHIN), self.resources.database.connection() as connection:
                await refuse_unsafe_start(connection)
                self._safe = True
        except StartRefused:
            raise
        except PoolerUnfit as error:
            raise StartRefused(error.cure) from error
        except (EsteioError, TimeoutError) as error:
            log("esteio.runtime").warning("start not verified yet", cause=str(error))
        self.started = True

    async def report(self) -> Mapping[str, str]:
        """Part → `ok` or what is wrong, in words fit for an operator; at most a second old."""
        async with self._turn:
            if self.resources.clock.monotonic() - self._checked_at >= _GOOD_FOR:
                self._last = await self._checked()
                self._checked_at = self.resources.clock.monotonic()
        draining = {"draining": "the process is ending"} if self.draining else {}
        return {**self._last, **draining}

    async def ready(self) -> bool:
        """Whether everything that is needed is well."""
        report = await self.report()
        return all(serves(words) for part, words in report.items() if self._is_needed(part))

    def _is_needed(self, part: str) -> bool:
        return part != "redis" or self.needs_redis

    async def _checked(self) -> dict[str, str]:
        parts: dict[str, Awaitable[None]] = {"database": self._database(), "redis": self._redis()}
        parts |= {name: check(self.resources) for name, check in self.checks.items()}
        words = await asyncio.gather(*(_within(part) for part in parts.values()))
        return dict(zip(parts, words, strict=True))

    async def _database(self) -> None:
        async with self.resources.database.connection() as connection:
            if not self._safe:
                await refuse_unsafe_start(connection)
                self._safe = True
            present = await present_revisions(connection)
        if self.revisions.behind(present):
            raise EsteioError("the migrations are not at head: run `esteio migrate`")

    async def _redis(self) -> None:
        await self.resources.redis.execute("PING")


async def _within(part: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(_CHECK_WITHIN):
            await part
    except Exception as error:
        return _words(error)
    return "ok"


def serves(words: str) -> bool:
    """Whether a part that is reported in these words is well enough to be worked with."""
    return words == "ok" or words.startswith(_DEGRADED)


def _words(error: Exception) -> str:
    if isinstance(error, Degraded):
        return f"{_DEGRADED}{error}"
    if isinstance(error, EsteioError | StartRefused):
        return str(getattr(error, "detail", error))
    return f"{type(error).__name__}"


def needs_redis(policies: Iterable[Policy]) -> bool:
    """Whether a policy is enforced that fails closed, so that without Redis some routes could only refuse."""
    return any(policy.fail == "closed" and policy.mode == "enforce" for policy in policies)
