"""Enqueues jobs of Esteio as an API process does: `python -m bench.job_producer KIND COUNT EACH`.

EACH jobs go into one transaction, and TOGETHER transactions are open at once. When it began and what CPU it took goes
to standard output.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import uvloop

from bench.job_services import NOTHING, SERVICES, SHOWN, Number
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.jobs.enqueue import Order, enqueue, enqueue_all
from esteio.jobs.kinds import JobKind
from esteio.resources import open_resources
from esteio.worker.assembly import open_workshop

TOGETHER = 8
KINDS = {kind.name: kind for kind in (NOTHING, SHOWN)}
PRINCIPAL = "user:bench"


async def produce(kind: JobKind[Number], count: int, each: int) -> dict[str, float]:
    resources = open_workshop("bench-producer", services=SERVICES).resources
    async with open_resources(resources):
        async with resources.database.connection() as connection:
            await connection.execute("SELECT 1")
        began, spent = time.monotonic(), time.process_time()
        batches = iter([range(first, min(first + each, count)) for first in range(0, count, each)])
        await asyncio.gather(*(_enqueue(resources.database, kind, batches) for _ in range(TOGETHER)))
        return {"began": began, "ended": time.monotonic(), "cpu": time.process_time() - spent}


async def _enqueue(database: Any, kind: JobKind[Number], batches: Iterator[range]) -> None:
    said: dict[str, Any] = {"tenant": DEFAULT_TENANT, "principal": PRINCIPAL}
    for numbers in batches:
        async with transaction(database, DEFAULT_TENANT) as session:
            if len(numbers) == 1:
                await enqueue(session, kind, Number(number=numbers[0]), **said)
            else:
                await enqueue_all(session, kind, [Order(Number(number=number)) for number in numbers], **said)


if __name__ == "__main__":
    name, count, each = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(produce(KINDS[name], count, each))))
