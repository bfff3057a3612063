"""One process that asks for admission again and again, and reports when it was admitted.

    python hammer.py '{"url": …, "policies": [{"name": …, "quota": …, "window": …}], "seconds": 3, …}'

Prints "ready", waits for a line on standard input, runs, and prints one JSON object.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from esteio.base.errors import Unavailable
from esteio.limits.account import Account
from esteio.limits.identity import Identity
from esteio.limits.limiter import Limiter
from esteio.limits.policy import Policy
from esteio.redis.client import RedisClient


@dataclass
class Report:
    admitted: list[float] = field(default_factory=list)
    approximate: list[float] = field(default_factory=list)
    refused: int = 0
    unavailable: int = 0
    longest: float = 0.0
    asked: int = 0
    round_trips: int = 0
    errors: list[str] = field(default_factory=list)


async def call(limiter: Limiter, account: Account, until: float, pause: float, report: Report) -> None:
    while (start := time.monotonic()) < until:
        try:
            decision = limiter.take(account) or await limiter.acquire(account)
            if not decision.allowed:
                report.refused += 1
            else:
                (report.approximate if decision.approximate else report.admitted).append(decision.at)
        except Unavailable:
            report.unavailable += 1
        except Exception as error:
            report.errors.append(repr(error))
        report.longest = max(report.longest, time.monotonic() - start)
        await asyncio.sleep(pause)


async def run(orders: dict[str, Any]) -> Report:
    client = RedisClient(orders["url"], deadline=orders["deadline"])
    await client.open()
    policies = [Policy(**policy) for policy in orders["policies"]]
    limiter = Limiter(client, policies)
    await limiter.open()
    account = limiter.bind(tuple(policy.name for policy in policies), Identity("t", "caller"))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await limiter._show()
    report = Report()
    trips = client.round_trips
    until = time.monotonic() + orders["seconds"]
    callers = orders.get("callers", 2)
    await asyncio.gather(*(call(limiter, account, until, orders["pause"], report) for _ in range(callers)))
    report.asked = limiter.asked
    report.round_trips = client.round_trips - trips
    await limiter.close()
    await client.close()
    return report


if __name__ == "__main__":
    print(json.dumps(vars(asyncio.run(run(json.loads(sys.argv[1]))))))
