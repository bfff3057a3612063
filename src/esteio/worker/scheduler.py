"""The scheduler's process: relay, reconciler, schedules, and what tells the facts of the outbox. Any number may run."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from esteio.jobs.broker import Carrier, make_celery
from esteio.jobs.reconciler import Reconciler
from esteio.jobs.relay import Relay
from esteio.jobs.schedules import Scheduler
from esteio.resources import open_resources
from esteio.telemetry.logs import log
from esteio.worker.assembly import Workshop

AGAIN = 1.0


async def schedule(workshop: Workshop, stop: asyncio.Event) -> None:
    """Do all of it until `stop` is set. What one part trips over is logged and tried again; the others go on."""
    resources = workshop.resources
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(open_resources(resources))
        relay = Relay(resources.database, Carrier(make_celery(workshop.broker_url)), workshop.job_settings)
        stack.callback(relay.close)
        parts: dict[str, Callable[[], Awaitable[None]]] = {
            "relay": relay.run,
            "reconciler": Reconciler(resources.database, workshop.job_settings, workshop.tell).run,
            "schedules": Scheduler(resources.database, resources.clock, workshop.schedules).run,
        }
        tasks = [asyncio.create_task(_forever(name, part), name=name) for name, part in parts.items()]
        await stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _forever(name: str, part: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await part()
        except Exception:
            log("esteio.worker").exception("scheduler.part_failed", part=name)
        await asyncio.sleep(AGAIN)
