"""One process of P10: takes from one limit as Esteio's gate does, and writes down when each request was admitted.

`python -m bench.hammer ORDER FILE` prints the round trips to Redis between two instants of the machine's monotonic
clock. ORDER is JSON: `redis`, `quota`, `window`, `rate`, and the instants `since` and `until`. It begins SETTLE_SECONDS
before the first; `rate` is of requests due a second, 0 to ask as fast as one can.
"""

import asyncio
import json
import sys
import time
from array import array
from pathlib import Path
from typing import Any

from esteio.limits.identity import Identity
from esteio.limits.limiter import Limiter
from esteio.limits.policy import Policy
from esteio.redis.client import RedisClient

TASKS = 4
AFTER_REFUSAL = 0.001
SETTLE_SECONDS = 3


async def run(order: dict[str, Any], admitted: "array[float]") -> int:
    """Round trips of every kind; appends the instants right before and right after each admission, in turn."""
    client = RedisClient(order["redis"])
    await client.open()
    limiter = Limiter(client, [Policy("bench", order["quota"], order["window"])])
    await limiter.open()
    await reach(order["since"] - SETTLE_SECONDS)
    async with asyncio.TaskGroup() as group:
        for number in range(TASKS):
            group.create_task(ask(limiter, order["rate"] / TASKS, number, order["until"], admitted))
        await reach(order["since"])
        before = client.round_trips
        await reach(order["until"])
        trips = client.round_trips - before
    await limiter.close()
    await client.close()
    return trips


async def reach(instant: float) -> None:
    await asyncio.sleep(instant - time.monotonic())


async def ask(limiter: Limiter, rate: float, number: int, end: float, admitted: "array[float]") -> None:
    due = time.monotonic() + (number / TASKS / rate if rate else 0.0)
    while (now := time.monotonic()) < end:
        if rate:
            await asyncio.sleep(due - now)
            due += 1 / rate
        before = time.monotonic()
        account = limiter.bind(("bench",), Identity("tenant", "caller"))
        decision = limiter.take(account) or await limiter.acquire(account)
        if decision.allowed:
            admitted.extend((before, time.monotonic()))
        await asyncio.sleep(0 if decision.allowed else AFTER_REFUSAL)


if __name__ == "__main__":
    instants = array("d")
    print(asyncio.run(run(json.loads(sys.argv[1]), instants)))
    with Path(sys.argv[2]).open("wb") as file:
        instants.tofile(file)
