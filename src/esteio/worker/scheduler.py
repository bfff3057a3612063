"""The scheduler's process: relay, reconciler, schedules, and what tells the facts of the outbox. Any number may run."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import uvloop

from esteio.base import collector
from esteio.jobs.broker import Carrier, make_celery
from esteio.jobs.reconciler import Reconciler
from esteio.jobs.relay import Relay
from esteio.jobs.schedules import Scheduler
from esteio.realtime.channels import Channels
from esteio.realtime.parts import history_of
from esteio.realtime.relay import Relay as RealtimeRelay
from esteio.resources import open_resources
from esteio.runtime.channels import all_channels
from esteio.runtime.figures import Figures, make_census, make_vitals
from esteio.telemetry.logs import log
from esteio.telemetry.notices import Notices
from esteio.traffic.backlog import Backlog
from esteio.traffic.sampling import Sampler
from esteio.webhooks.fanout import Fanout
from esteio.worker.assembly import Workshop
from esteio.worker.ending import end_in
from esteio.worker.metrics import alive, failures
from esteio.worker.standstill import Standstill

AGAIN = 1.0
TO_CLOSE = 10.0
"""Seconds in which a scheduler that was asked to end has ended."""


async def schedule(workshop: Workshop, stop: asyncio.Event, started: Callable[[], None] = lambda: None) -> None:
    """Do all of it until `stop` is set. What one part trips over is logged and tried again; the others go on.

    `started` is called once all of it runs.
    """
    resources = workshop.resources
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(open_resources(resources))
        census = make_census(resources, workshop.services)
        sampler = Sampler(resources.database, resources.clock, "scheduler")
        backlog = Backlog(resources.database, resources.clock, census)
        for looking in (sampler, make_vitals(resources), Figures(census, workshop.settings), backlog):
            await looking.open()
            stack.push_async_callback(looking.close)
        carrier = Carrier(make_celery(workshop.broker_url))
        relay = Relay(resources.database, carrier, workshop.job_settings, resources.tracing)
        stack.callback(relay.close)
        parts: dict[str, Callable[[], Awaitable[None]]] = {
            "relay": relay.run,
            "reconciler": Reconciler(resources.database, workshop.job_settings, workshop.tell).run,
            "schedules": Scheduler(resources.database, resources.clock, workshop.schedules).run,
            "fanout": Fanout(resources.database, poll=workshop.job_settings.poll, tracing=resources.tracing).run,
            "realtime": _realtime(workshop).run,
        }
        tasks = [asyncio.create_task(_forever(name, part), name=name) for name, part in parts.items()]
        log("esteio.worker").info("scheduler.ready", parts=list(parts))
        started()
        await stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def run_scheduler(workshop: Workshop, notices: Notices | None = None) -> None:
    """Be the scheduler of this process until SIGTERM or SIGINT; `notices` tell the service manager how it stands."""
    notices = notices or Notices()

    def ask(stop: asyncio.Event) -> None:
        stop.set()
        notices.stopping()
        end_in(TO_CLOSE)

    def started() -> None:
        collector.started()
        notices.ready()

    async def live() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ask, stop)
        turning = asyncio.create_task(Standstill(workshop.settings.hang_seconds).turn())
        signs = asyncio.create_task(notices.stay_alive())
        await schedule(workshop, stop, started)
        signs.cancel()
        turning.cancel()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(live())
    log("esteio.worker").info("scheduler.ended")


def _realtime(workshop: Workshop) -> RealtimeRelay:
    resources = workshop.resources
    history = history_of(resources, workshop.settings.realtime)
    return RealtimeRelay(resources.database, history, Channels(all_channels(workshop.services)), resources.tracing)


async def _forever(name: str, part: Callable[[], Awaitable[None]]) -> None:
    while True:
        alive().labels(name).set(1)
        try:
            await part()
        except Exception:
            log("esteio.worker").exception("scheduler.part_failed", part=name)
            failures().labels(name).inc()
        alive().labels(name).set(0)
        await asyncio.sleep(AGAIN)
