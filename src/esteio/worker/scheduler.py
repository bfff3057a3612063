"""The scheduler's process: relay, reconciler, schedules, and what tells the facts of the outbox. Any number may run."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import uvloop

from esteio.jobs.broker import Carrier, make_celery
from esteio.jobs.reconciler import Reconciler
from esteio.jobs.relay import Relay
from esteio.jobs.schedules import Scheduler
from esteio.realtime.channels import Channels
from esteio.realtime.parts import history_of
from esteio.realtime.relay import Relay as RealtimeRelay
from esteio.resources import open_resources
from esteio.runtime.channels import all_channels
from esteio.telemetry.logs import log
from esteio.webhooks.fanout import Fanout
from esteio.worker.assembly import Workshop
from esteio.worker.ending import end_in

AGAIN = 1.0
TO_CLOSE = 10.0
"""Seconds in which a scheduler that was asked to end has ended."""


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
            "fanout": Fanout(resources.database, poll=workshop.job_settings.poll).run,
            "realtime": _realtime(workshop).run,
        }
        tasks = [asyncio.create_task(_forever(name, part), name=name) for name, part in parts.items()]
        log("esteio.worker").info("scheduler.ready", parts=list(parts))
        await stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def run_scheduler(workshop: Workshop) -> None:
    """Be the scheduler of this process until SIGTERM or SIGINT."""

    def ask(stop: asyncio.Event) -> None:
        stop.set()
        end_in(TO_CLOSE)

    async def live() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ask, stop)
        await schedule(workshop, stop)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(live())
    log("esteio.worker").info("scheduler.ended")


def _realtime(workshop: Workshop) -> RealtimeRelay:
    resources = workshop.resources
    history = history_of(resources, workshop.settings.realtime)
    return RealtimeRelay(resources.database, history, Channels(all_channels(workshop.services)))


async def _forever(name: str, part: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await part()
        except Exception:
            log("esteio.worker").exception("scheduler.part_failed", part=name)
        await asyncio.sleep(AGAIN)
