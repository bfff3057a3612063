"""Limits as an operator has set them: rows in PostgreSQL, in force in every process within seconds."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from sqlalchemy import select

from esteio.auth.tables.limits import LimitOverride, Plan
from esteio.base.errors import EsteioError
from esteio.db.database import Database
from esteio.db.reading import reading
from esteio.limits.limiter import Limiter
from esteio.limits.policy import Policy
from esteio.redis.bulletin import Bulletin
from esteio.telemetry.logs import log

TOPIC = "limits"
PLAN = "plan."
"""A key on the plan `gold` is charged to the policy `plan.gold` where its route names `default`."""

LOOK_EVERY = 5.0

_OVERRIDES = reading(select(LimitOverride.name, LimitOverride.quota, LimitOverride.window, LimitOverride.enabled))
_PLANS = reading(select(Plan.name, Plan.limit_text))


class Overrides:
    """Keeps the limiter's policies as the database says: told by the bulletin, and looked up every 5 s beside that."""

    def __init__(self, database: Database, limiter: Limiter, bulletin: Bulletin, declared: Iterable[Policy]) -> None:
        self._database = database
        self._limiter = limiter
        self._declared = {policy.name: policy for policy in declared}
        self._news = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        bulletin.on(TOPIC, lambda _: self._news.set())
        bulletin.on_gap(self._news.set)

    @property
    def declared(self) -> dict[str, Policy]:
        """The policies as the manifests declare them."""
        return self._declared

    async def open(self) -> None:
        """Read once; without a database the declared limits hold until it is there."""
        await self._try()
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching

    async def load(self) -> None:
        """Put into force what the database says now. Raises `Unavailable`."""
        policies = dict(self._declared)
        for row in await self._database.read(None, _PLANS):
            name = PLAN + row["name"]
            policies[name] = Policy.of(name, row["limit_text"])
        for row in await self._database.read(None, _OVERRIDES):
            policy = policies.get(row["name"])
            if policy is not None:
                policies[policy.name] = _overridden(policy, row["quota"], row["window"], row["enabled"])
        if policies != dict(self._limiter.policies):
            self._limiter.replace(policies)

    async def _watch(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), LOOK_EVERY)
            self._news.clear()
            await self._try()

    async def _try(self) -> None:
        try:
            await self.load()
        except (EsteioError, ValueError) as error:
            log("esteio.limits").warning("limits not read", cause=str(error))


def _overridden(policy: Policy, quota: int | None, window: float | None, enabled: bool) -> Policy:
    quota = quota or policy.quota
    return replace(
        policy,
        quota=quota,
        window=window or policy.window,
        cost=min(policy.cost, quota),
        mode=policy.mode if enabled else "shadow",
    )
