"""One process of several that take of one tenant's quota at once, each taking in the transaction of a thing of its own.

    python -m tests.quotas.racer '{"url": …, "tenant": …, "amount": 137, "tasks": 50, "only_take": true, "seed": 1}'

Prints "ready", waits for a line on standard input, runs, and prints one JSON object: the sum of what stands of it, the
most that it was ever told was used, how often it was refused, and what else happened.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import text

from esteio.base.ids import new_id
from esteio.db.database import Database
from esteio.db.transaction import transaction
from esteio.quotas.errors import QuotaExceeded
from esteio.quotas.quota import Quota
from esteio.quotas.taking import give_back
from tests.quotas.things import NOON, PATIENT, make, opened

_REMOVE = text("DELETE FROM things WHERE id = :id")


CONNECTIONS = 8
"""No task waits for one: how long that would take says something of the machine only."""


class Withdrawn(Exception):
    """The transaction is rolled back after all."""


@dataclass
class Report:
    stands: int = 0
    most: int = 0
    taken: int = 0
    refused: int = 0
    errors: list[str] = field(default_factory=list)


@dataclass
class Racer:
    database: Database
    tenant: UUID
    quota: Quota
    report: Report

    async def take(self, amount: int, *, withdraw: bool = False) -> UUID | None:
        """The thing of that size that was made, if it was."""
        name = new_id()
        try:
            async with transaction(self.database, self.tenant, budget=PATIENT) as session:
                stands = await make(session, self.quota, amount, self.tenant, name)
                self.report.most = max(self.report.most, stands.used)
                if withdraw:
                    raise Withdrawn
        except QuotaExceeded:
            self.report.refused += 1
            return None
        except Withdrawn:
            return None
        self.report.taken += 1
        self.report.stands += amount
        return name

    async def remove(self, name: UUID, amount: int) -> None:
        async with transaction(self.database, self.tenant, budget=PATIENT) as session:
            await session.execute(_REMOVE, {"id": name})
            await give_back(session, self.quota, amount, tenant=self.tenant, now=NOON)
        self.report.stands -= amount

    async def only_take(self, _: Random) -> None:
        await self.take(1)

    async def take_and_leave(self, chance: Random) -> None:
        """Something of a size; a third is withdrawn, and half of what stands is removed again."""
        amount = chance.randint(1, 5)
        made = await self.take(amount, withdraw=chance.random() < 0.3)
        if made is not None and chance.random() < 0.5:
            await self.remove(made, amount)


async def run(orders: dict[str, Any]) -> Report:
    database = opened(orders["url"], connections=CONNECTIONS)
    await database.open()
    report = Report()
    racer = Racer(database, UUID(orders["tenant"]), Quota("things.things", orders["amount"], "things"), report)
    act: Callable[[Random], Any] = racer.only_take if orders["only_take"] else racer.take_and_leave
    chance = Random(orders["seed"])

    turn = asyncio.Semaphore(CONNECTIONS)

    async def task(own: Random) -> None:
        try:
            async with turn:
                await act(own)
        except Exception as error:
            report.errors.append(repr(error))

    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await asyncio.gather(*(task(Random(chance.random())) for _ in range(orders["tasks"])))
    await database.close()
    return report


if __name__ == "__main__":
    print(json.dumps(vars(asyncio.run(run(json.loads(sys.argv[1]))))), flush=True)
