"""How callers near the end of a quota stand now: the keys are what processes tell, the counts are Redis's."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from esteio.limits.board import Heard
from esteio.limits.grant import Grant, grants
from esteio.limits.identity import Counted
from esteio.limits.limiter import Limiter
from esteio.limits.near import NEAR
from esteio.limits.policy import Policy
from esteio.limits.report import Told
from esteio.limits.script import lease_script
from esteio.redis.client import RedisClient
from esteio.redis.errors import RedisUnavailable

MOST_LOOKED_AT = 256
AT_ONCE = 8
KEYS_A_QUESTION = 32

_LOOK = lease_script()


class Use(NamedTuple):
    """How one counted key stands. `open` is `None` where nobody could say; instants are seconds of the epoch."""

    counted: Counted
    policy: Policy
    used: int
    refused: int
    open: bool | None = None
    opens_at: float | None = None
    resets_at: float | None = None

    @property
    def share(self) -> float:
        """Of the quota, from 0 to 1."""
        return min(1.0, self.used / self.policy.quota)


class Usage(NamedTuple):
    """The fullest first. `alone` says that Redis was away, so that it is what this process knows by itself."""

    uses: list[Use]
    processes: int
    alone: bool


class Candidate(NamedTuple):
    """A key that processes have in view, and what all of them say of it together."""

    key: str
    counted: Counted
    policy: Policy
    used: int
    held: int
    refused: int


async def usage(
    limiter: Limiter, client: RedisClient, tenant: UUID | None = None, only: Collection[str] | None = None
) -> Usage:
    """Those who have used half of a quota or more, or were refused of late.

    Of one tenant, or of all of them; under every policy, or `only` under those that are named.
    """
    policies = {name: policy for name, policy in limiter.policies.items() if only is None or name in only}
    try:
        heard = await limiter.board.hear()
        found = await _looked_at(client, _candidates(heard, policies, tenant))
    except RedisUnavailable:
        heard = limiter.board.here()
        alone = [_unasked(one) for one in _candidates(heard, policies, tenant)]
        return Usage(_ranked(alone), heard.processes, alone=True)
    return Usage(_ranked(use for use in found if use.refused or use.share >= NEAR), heard.processes, alone=False)


def _candidates(heard: Heard, policies: Mapping[str, Policy], tenant: UUID | None) -> list[Candidate]:
    keys: defaultdict[str, list[Told]] = defaultdict(list)
    for report in heard.reports:
        for told in report.of(tenant):
            keys[told.sight.key].append(told)
    found = [one for told in keys.values() if (one := _together(told, policies)) is not None]
    found.sort(key=lambda one: one.used / one.policy.quota, reverse=True)
    return found[:MOST_LOOKED_AT]


def _together(told: Sequence[Told], policies: Mapping[str, Policy]) -> Candidate | None:
    counted, first = told[0]
    policy = policies.get(counted.policy)
    if policy is None or policy.bucket_us != counted.bucket_us:
        return None
    used = max(one.sight.used for one in told)
    held, refused = sum(one.sight.held for one in told), sum(one.sight.refused for one in told)
    return Candidate(first.key, counted, policy, used, held, refused)


async def _looked_at(client: RedisClient, candidates: Sequence[Candidate]) -> list[Use]:
    """Each tenant's keys have a hash tag of their own, and so a question of their own."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def ask(some: Sequence[Candidate]) -> list[Use]:
        async with turns:
            return await _asked(client, some)

    answers = await asyncio.gather(*map(ask, _questions(candidates)))
    return [use for answer in answers for use in answer]


def _questions(candidates: Sequence[Candidate]) -> Iterator[Sequence[Candidate]]:
    tenants: defaultdict[str, list[Candidate]] = defaultdict(list)
    for one in candidates:
        tenants[one.key.partition("}")[0]].append(one)
    for found in tenants.values():
        for start in range(0, len(found), KEYS_A_QUESTION):
            yield found[start : start + KEYS_A_QUESTION]


async def _asked(client: RedisClient, some: Sequence[Candidate]) -> list[Use]:
    """The limiter's own question, for no unit at all: it changes nothing."""
    arguments: list[int | str] = []
    for one in some:
        arguments += (one.policy.quota, one.policy.bucket_us, one.policy.cost, 0, 0, 0, 1, 0, 0, 0, "")
    answer = await client.run(_LOOK, [one.key for one in some], arguments)
    seen, parts = grants(answer, [one.policy.bucket_us for one in some], 0.0, 0.0)
    return [_use(one, part, seen.server_us) for one, part in zip(some, parts, strict=True)]


def _use(one: Candidate, grant: Grant, now_us: int) -> Use:
    policy, taken = one.policy, one.policy.quota - grant.free
    # What is held may have been spent since it was told, and never is more than what is taken.
    held = min(one.held, taken)
    is_open = grant.free + held >= policy.cost
    resets_us = min(grant.next_us, now_us + policy.window_us) if grant.free else grant.next_us
    return Use(
        one.counted,
        policy,
        taken - held,
        one.refused,
        is_open,
        None if is_open else grant.opens_us / 1e6,
        resets_us / 1e6 if taken else None,
    )


def _unasked(one: Candidate) -> Use:
    return Use(one.counted, one.policy, one.used, one.refused)


def _ranked(uses: Iterable[Use]) -> list[Use]:
    return sorted(uses, key=lambda use: (-use.share, -use.refused, use.policy.name, use.counted))
