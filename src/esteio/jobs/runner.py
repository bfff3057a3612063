"""Runs claimed jobs on the event loop of a worker process, keeps their leases, and writes how they ended."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ValidationError

from esteio.base.errors import EsteioError, Internal, Unavailable
from esteio.db.database import Database
from esteio.jobs.context import context_of
from esteio.jobs.endings import Endings
from esteio.jobs.errors import JobTimedOut, Later, LeaseLost, Permanent
from esteio.jobs.gathering import Gathering
from esteio.jobs.job import AnyJob
from esteio.jobs.metrics import run_seconds, runs, start_seconds
from esteio.jobs.notice import Tell
from esteio.jobs.run import Run, Spread
from esteio.jobs.settings import JobSettings
from esteio.jobs.spans import note_end, running
from esteio.jobs.tickets import Claimed, Held, Rest, Tickets
from esteio.resources import Resources
from esteio.telemetry.context import current
from esteio.telemetry.logs import log
from esteio.telemetry.tracing.spans import present

UNKNOWN_REST = 30.0
BEATS = 8
"""Signs of life per lease."""

SHOWN_EVERY = 0.5
"""Seconds between two looks at how far runs are."""

Work = Callable[[Run, Any], Awaitable[BaseModel | None]]
Reason = Literal["cancelled", "lost", "stopping"]


@dataclass(slots=True)
class Slot:
    """A run in this process: the task that does it, until when it is surely ours, and why it was stopped."""

    run: Run
    until: float
    task: "asyncio.Task[BaseModel | None] | None" = None
    reason: Reason | None = None

    def stop(self, reason: Reason) -> None:
        """End the run at its next await; the first reason counts."""
        if self.reason is None and not self.run.ended:
            self.reason = reason
            if self.task is not None:
                self.task.cancel()


@dataclass(kw_only=True)
class Runner:
    """One per worker process. `work` returns when the jobs it was given have ended, rest, or are somebody else's."""

    resources: Resources
    settings: Any
    job_settings: JobSettings
    jobs: Mapping[str, AnyJob]
    worker: str
    queues: Sequence[str]
    slots_in_all: int
    tell: Tell
    spread: Spread
    parts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tickets = Tickets(self.resources.database)
        # Jobs may hold every connection that they share: signs of life have their own.
        self._own = Database(self.resources.database.settings.model_copy(update={"pool_max": 1}), name="esteio-lease")
        self._leases = self.tickets
        self.slots: dict[UUID, Slot] = {}
        self.stopping = False
        self._endings = Endings(self.resources.database, self.tickets, self.tell)
        self._claim: Gathering[UUID, Claimed | None] = Gathering(self._claim_all)
        self._beating: tuple[asyncio.Task[None], ...] = ()
        self._log = log("esteio.jobs")

    async def open(self) -> None:
        """Give signs of life from now on."""
        await self._own.open()
        self._leases = Tickets(self._own)
        self._beating = (asyncio.create_task(self._beat_forever()), asyncio.create_task(self._show_forever()))

    async def retire(self) -> None:
        """Take on nothing more, and say so; what runs goes on, its leases kept."""
        self.stopping = True
        with suppress(Unavailable):
            await self.tickets.sign_off(self.worker)

    async def close(self) -> None:
        """Stop what still runs, hand it back, and say that this worker is gone."""
        self.stopping = True
        for slot in list(self.slots.values()):
            slot.stop("stopping")
        tasks = [slot.task for slot in self.slots.values() if slot.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=self.job_settings.lease / 2)
        with suppress(TimeoutError):  # then a lease that runs out frees what is left
            async with asyncio.timeout(self.job_settings.lease / 2):
                while self.slots:  # noqa: ASYNC110 - their endings are being written, by the tasks of their orders
                    await asyncio.sleep(0.02)
        for beating in self._beating:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating
        with suppress(Unavailable):
            await self.tickets.sign_off(self.worker)
        await self._own.close()

    async def work(self, jobs: Sequence[UUID]) -> None:
        """Claim and run. While the database is away nothing is claimed: the reconciler sends the ids again."""
        await asyncio.gather(*(self._work_one(job) for job in jobs))

    async def _work_one(self, job: UUID) -> None:
        if self.stopping:
            return
        before = monotonic()
        try:
            claimed = await self._claim(job)
        except EsteioError as error:
            self._log.warning("jobs.not_claimed", job=str(job), cause=error.operator)
            return
        if claimed is None:
            return
        await self._run(claimed, before + self.job_settings.lease)

    async def _claim_all(self, jobs: Sequence[UUID]) -> list[Claimed | None]:
        found = await self.tickets.claim(list(dict.fromkeys(jobs)), self.worker, self.job_settings.lease)
        mine = {claimed.id: claimed for claimed in found}
        # An id that was asked for twice at once is run once.
        return [mine.pop(job, None) for job in jobs]

    async def _run(self, claimed: Claimed, until: float) -> None:
        context = context_of(claimed)
        context.span = span = running(self.resources.tracing, claimed, context, self.queues[0])
        token = current.set(context)
        began = monotonic()
        try:
            ended = await self._run_known(claimed, until)
            if span is not None:
                note_end(span, ended)
        except EsteioError as error:
            # The lease runs out and the reconciler takes the job back.
            ended = "lost"
            self._log.error("job.ending_not_written", cause=error.operator)
        except Exception:
            ended = "lost"
            self._log.exception("job.ending_not_written")
        finally:
            self.slots.pop(claimed.id, None)
            current.reset(token)
            if span is not None:
                span.end()
        runs().labels(claimed.name, ended).inc()
        run_seconds().labels(claimed.name).observe(monotonic() - began)

    async def _run_known(self, claimed: Claimed, until: float) -> str:
        job = self.jobs.get(claimed.name)
        held = Held(claimed.id, claimed.fence)
        if job is None:
            # Of a release that is newer than this process: another worker will know it.
            self._log.warning("job.unknown", name=claimed.name)
            return await self._endings.rest(claimed, Rest(held, "retrying", UNKNOWN_REST, uncounted=True), None)
        run = Run(self.resources, self.settings, self.parts, job.kind, claimed, self.tell, self.spread)
        slot = self.slots[claimed.id] = Slot(run, until)
        # A run that did not count is followed by another first one, at a higher fence.
        if claimed.attempts == claimed.fence == 1:
            late = (self.resources.clock.now() - claimed.created_at).total_seconds()
            start_seconds().labels(claimed.name).observe(max(0.0, late))
        run.changed = job.kind.visible
        try:
            payload = job.kind.payload.model_validate_json(claimed.payload)
        except ValidationError as error:
            self._log.error("job.payload_unreadable", problems=error.error_count())
            return await self._endings.write(run, "failed", error=Permanent("The job's order cannot be read any more."))
        return await self._conclude(slot, job.work, payload)

    async def _conclude(self, slot: Slot, work: Work, payload: BaseModel) -> str:
        run = slot.run
        slot.task = asyncio.create_task(self._limited(run, work, payload))
        if slot.reason is not None or self.stopping:
            slot.stop("stopping")
        try:
            result = await slot.task
        except asyncio.CancelledError:
            return await self._stopped(slot)
        except LeaseLost:
            self._log.warning("job.lease_lost")
            return "lost"
        except Later as later:
            if not later.counted:
                rest = Rest(run.held, "retrying", max(later.seconds, 0.0), uncounted=True)
                return await self._endings.rest(run.claimed, rest, later.error, run)
            return await self._fail(slot, later.error or Internal(), later.seconds)
        except EsteioError as refusal:
            if refusal.status < 500:
                return await self._endings.write(run, "failed", error=refusal)
            self._log.warning("job.failed", cause=refusal.operator or refusal.detail)
            return await self._fail(slot, refusal, None)
        except Exception:
            self._log.exception("job.failed")
            return await self._fail(slot, Internal(), None)
        if run.ended:
            return "succeeded"
        return await self._endings.write(run, "succeeded", result=result)

    async def _limited(self, run: Run, work: Work, payload: BaseModel) -> BaseModel | None:
        try:
            async with asyncio.timeout(run.kind.time_limit) as limit:
                return await work(run, payload)
        except TimeoutError as error:
            if limit.expired():
                raise JobTimedOut from error
            raise
        except Exception as error:
            if (span := present()) is not None:
                span.fail(error)
            raise

    async def _stopped(self, slot: Slot) -> str:
        run = slot.run
        if run.ended:
            return "succeeded"
        if slot.reason == "cancelled":
            return await self._endings.write(run, "cancelled")
        if slot.reason == "lost":
            self._log.warning("job.lease_lost")
            return "lost"
        if slot.reason is None and not _being_cancelled():
            # The job let a cancellation of its own making through: that is a failure like any other.
            self._log.error("job.failed", cause="CancelledError")
            return await self._fail(slot, Internal(), None)
        rest = Rest(run.held, "queued", 0.0, uncounted=True)
        ended = await self._endings.rest(run.claimed, rest, None, run)
        return "handed_back" if ended == "queued" else ended

    async def _fail(self, slot: Slot, error: EsteioError, seconds: float | None) -> str:
        """Try again later, or not any more."""
        run = slot.run
        rest = run.kind.retry.rest(run.attempt)
        if rest is None:
            self._log.error("job.dead_letter", code=error.code)
            return await self._endings.write(run, "failed", error=error)
        rest = rest if seconds is None else max(seconds, 0.0)
        return await self._endings.rest(run.claimed, Rest(run.held, "retrying", rest), error, run)

    async def _beat_forever(self) -> None:
        pause = min(2.0, self.job_settings.lease / BEATS)
        while True:
            try:
                if not self.stopping:
                    await self._leases.sign_on(self.worker, self.queues, self.slots_in_all)
                await self.beat()
            except EsteioError:
                pass  # leases bear a few beats that are missed
            except Exception:
                self._log.exception("worker.beat_failed")
            self._drop_overdue()
            await asyncio.sleep(pause)

    async def _show_forever(self) -> None:
        while True:
            await asyncio.sleep(SHOWN_EVERY)
            await self._endings.show_progress([slot.run for slot in self.slots.values()])

    async def beat(self) -> None:
        """Renew every lease; stop runs that were cancelled or are not ours any more."""
        slots = dict(self.slots)
        if not slots:
            return
        before = monotonic()
        renewed = await self._leases.renew([slot.run.held for slot in slots.values()], self.job_settings.lease)
        for job, slot in slots.items():
            if job in renewed:
                slot.until = before + self.job_settings.lease
                if renewed[job]:
                    slot.stop("cancelled")
            elif self.slots.get(job) is slot and not slot.run.ended:
                slot.stop("lost")

    def _drop_overdue(self) -> None:
        """A lease that could not be renewed has run out: somebody else may have the job."""
        now = monotonic()
        for slot in list(self.slots.values()):
            if now > slot.until:
                slot.stop("lost")


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
