"""One worker process: Celery's worker in the main thread, the jobs on an event loop in another."""

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import uvloop
from celery.worker import state

from esteio.base import collector
from esteio.jobs.broker import TASK
from esteio.jobs.runner import Runner
from esteio.resources import open_resources
from esteio.runtime.elsewhere import elsewhere
from esteio.runtime.figures import Figures, make_census, make_vitals
from esteio.telemetry.logs import log
from esteio.traffic.sampling import Sampler
from esteio.worker.assembly import Workshop
from esteio.worker.celery import celery_for
from esteio.worker.consumer import PatientConsumer
from esteio.worker.ending import end_in
from esteio.worker.intake import Intake
from esteio.worker.pool import pool_for

TO_CLOSE = 8.0
"""Seconds that a worker may take beyond its drain: handing back, closing what it had opened."""

_SPARE = 1.0


class WorkerProcess:
    """Consumes one queue until SIGTERM or SIGINT; a second one hurries."""

    def __init__(self, workshop: Workshop, queue: str) -> None:
        settings = workshop.job_settings
        self._workshop = workshop
        self._queue = queue
        self._slots = settings.io_slots if queue == "io" else settings.cpu_slots
        self._patience = settings.drain
        self.name = f"{queue}@{socket.gethostname()[:64]}-{os.getpid()}"
        self._opened: Future[Intake] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked = False
        self._beats: Callable[[], Coroutine[None, None, None]] | None = None
        self._log = log("esteio.worker")

    def run(
        self,
        started: Callable[[], None] = lambda: None,
        beats: Callable[[], Coroutine[None, None, None]] | None = None,
    ) -> int:
        """Work; the exit code. `started` is called when jobs could be run, whether the broker is there or not.

        `beats` runs beside the jobs, on their event loop, as long as that turns.
        """
        self._beats = beats
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        thread = threading.Thread(target=self._run_loop, name="jobs", daemon=True)
        thread.start()
        intake = self._opened.result()
        celery = self._celery(intake)
        started()
        collector.started()
        if not self._asked:
            celery.start()
        intake.request_stop()
        intake.ended.wait(self._patience + TO_CLOSE)
        thread.join(_SPARE)
        return int(celery.exitcode or 0)

    def _on_signal(self, *_: object) -> None:
        """Runs between any two instructions of the main thread: it takes no lock, it only leaves word."""
        if not self._asked:
            self._asked = True
            # What can be handed back has been by then; a broker that is silent is no reason to stay.
            end_in(self._patience + TO_CLOSE)
        state.should_stop = 0  # type: ignore[assignment]
        if self._loop is not None and self._opened.done():
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._opened.result().stop)

    def _run_loop(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._live())
        except BaseException as error:
            if self._opened.done():
                self._log.critical("worker.loop_failed", exc_info=True)
                os._exit(1)  # leases would be renewed no more: another process takes the jobs over
            self._opened.set_exception(error)

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with open_resources(self._workshop.resources):
            consistency = elsewhere(self._workshop.resources, reads=False)
            if consistency is not None:
                await consistency.open()
            runner = self._runner()
            sampler = Sampler(self._workshop.resources.database, self._workshop.resources.clock, "worker")
            await runner.open()
            figures = Figures(make_census(self._workshop.resources, self._workshop.services), self._workshop.settings)
            parts = (sampler, make_vitals(self._workshop.resources), figures)
            for part in parts:
                await part.open()
            intake = Intake(self._loop, runner, self._slots)
            self._opened.set_result(intake)
            if self._asked:
                intake.stop()
            beating = asyncio.create_task(self._beats()) if self._beats is not None else None
            try:
                await intake.live(self._patience)
                await runner.close()
                for part in parts:
                    await part.close()
                if consistency is not None:
                    await consistency.close()
            finally:
                intake.ended.set()
                if beating is not None:
                    beating.cancel()
        self._log.info("worker.ended", worker=self.name)

    def _runner(self) -> Runner:
        workshop = self._workshop
        return Runner(
            resources=workshop.resources,
            settings=workshop.settings,
            job_settings=workshop.job_settings,
            jobs=workshop.jobs,
            worker=self.name,
            queues=[self._queue],
            slots_in_all=self._slots,
            tell=workshop.tell,
            spread=workshop.spread,
            parts=workshop.parts,
        )

    def _celery(self, intake: Intake) -> Any:
        _hush()
        app = celery_for(self._workshop.broker_url)
        return app.WorkController(
            app=app,
            hostname=self.name,
            queues=[self._queue],
            concurrency=self._slots,
            pool_cls=pool_for(intake, self._patience + TO_CLOSE),
            consumer_cls=PatientConsumer,
            ready_callback=lambda _: self._log.info(
                "worker.ready", worker=self.name, queue=self._queue, slots=self._slots, task=TASK
            ),
            without_gossip=True,
            without_mingle=True,
        )


def _hush() -> None:
    """Lines of Celery go through our chain; those that it writes for each message and each start say nothing new."""
    for name in ("celery", "kombu", "amqp"):
        logging.getLogger(name).setLevel(logging.WARNING)
