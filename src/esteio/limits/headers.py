"""The answer's fields: X-RateLimit-*, the RateLimit fields of the IETF draft (draft 11), Retry-After."""

from math import ceil
from typing import NamedTuple

from esteio.limits.account import Account
from esteio.limits.decision import Decision

Field = tuple[bytes, bytes]

LIMIT, REMAINING, RESET = b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset"
POLICY, RATE, RETRY = b"ratelimit-policy", b"ratelimit", b"retry-after"


class Frames(NamedTuple):
    """What stays the same in the fields of one account: computed once, filled in by each answer."""

    policy: Field
    limits: tuple[Field, ...]
    rate: bytes


def fields(decision: Decision) -> list[Field]:
    """The fields for an answer to this decision's request; none where only shadows watch."""
    account = decision.account
    shown = account.shown
    if not shown:
        return []
    frames: Frames = account.frames or _frame(account)  # type: ignore[assignment]
    remains, at = decision.remains, decision.at
    numbers: list[int] = []
    for slot, units in zip(shown, remains, strict=True):
        left = slot.reset_instant - at
        numbers += (units, ceil(left) if left > 0 else 0)
    k = decision.constrained if len(shown) > 1 else 0
    answer = [
        frames.limits[k],
        (REMAINING, b"%d" % remains[k]),
        (RESET, b"%d" % shown[k].reset_at),
        frames.policy,
        (RATE, frames.rate % tuple(numbers)),
    ]
    if not decision.allowed:
        answer.append((RETRY, b"%d" % decision.retry_after))
    return answer


def _frame(account: Account) -> Frames:
    policies = [slot.policy for slot in account.shown]
    listed = ", ".join(f'"{policy.name}";q={policy.quota};w={ceil(policy.window)}' for policy in policies)
    rate = ", ".join(f'"{policy.name}";r=%d;t=%d' for policy in policies)
    account.frames = frames = Frames(
        (POLICY, listed.encode()),
        tuple((LIMIT, b"%d" % policy.quota) for policy in policies),
        rate.encode(),
    )
    return frames
