"""Carries the ids of due jobs to the broker, woken by PostgreSQL's notices, with polling as the net below."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import Enum
from uuid import UUID

from esteio.base.errors import EsteioError
from esteio.db.database import Database
from esteio.db.notices import Notices
from esteio.jobs.broker import Carrier
from esteio.jobs.kinds import QUEUES
from esteio.jobs.metrics import carried
from esteio.jobs.settings import JobSettings
from esteio.jobs.spans import carrying
from esteio.jobs.tickets import Tickets
from esteio.telemetry.logs import log
from esteio.telemetry.tracing.span import Span
from esteio.telemetry.tracing.tracing import Tracing

Batches = Sequence[Sequence[UUID]]

CHANNEL = "esteio_jobs"
FEWEST = 4
"""Ids on their way where no worker has signed on yet: the first one finds something to do."""

BUSY_PAUSE = 0.01
LONGEST_BUSY_PAUSE = 0.25
"""Seconds between rounds while there is no room: it grows from the one to the other until something could be sent."""

COMPANY = 0.025
"""Seconds between rounds that sent all there was: what is written down meanwhile goes together."""

BROKER_PAUSE = 1.0
"""Seconds between looks whether a broker that was away has returned."""

GOODBYE = 2.0
"""Seconds for which a relay that ends waits for what it is just sending."""

ONCE_BATCHED = 8
"""Waiting jobs from which on several ids share a message of the queue `io`."""

BATCH = 8
SHARE = 4
"""A message holds at most so many ids, and at most this part of the slots: its jobs go to one worker together."""


class Look(Enum):
    """What a round found: nothing to send, no room for more, it has sent all there was room for, or less than that,
    which is all that waits or all that the lanes let through."""

    IDLE = 0
    FULL = 1
    SENT = 2
    PART = 3


class Relay:
    """Any number may run. No more ids are on their way than workers have slots twice over, so that turns stay fair."""

    def __init__(
        self, database: Database, carrier: Carrier, settings: JobSettings, tracing: Tracing | None = None
    ) -> None:
        self._tickets = Tickets(database)
        self._notices = Notices(database, CHANNEL)
        self._carrier = carrier
        self._tracing = tracing if tracing is not None and tracing.on else None
        self._poll = settings.poll
        # The broker's client blocks; one thread, for its connection is not to be shared.
        self._thread = ThreadPoolExecutor(1, "relay")
        self._well = True

    async def run(self) -> None:
        """Carry until cancelled. A broker or database that is away is tried again; what waits there waits."""
        pause, lull = BUSY_PAUSE, self._poll
        async with self._notices:
            while True:
                if not self._well and not await self._returned():
                    await asyncio.sleep(BROKER_PAUSE)
                    continue
                looks = [await self._round(queue) for queue in QUEUES]
                if Look.SENT in looks:
                    pause = BUSY_PAUSE
                await asyncio.sleep(BUSY_PAUSE if Look.SENT in looks or Look.FULL in looks else COMPANY)
                if Look.FULL in looks:
                    pause = min(2 * pause, LONGEST_BUSY_PAUSE)
                    await self._notices.wait(pause)
                elif Look.SENT not in looks:
                    # Behind a full lane jobs may wait for one that ends, of which there is no notice.
                    lull = min(BUSY_PAUSE if Look.PART in looks else 2 * lull, self._poll)
                    await self._notices.wait(lull)

    def close(self) -> None:
        """Drop the connection to the broker."""
        self._thread.submit(self._carrier.close)
        self._thread.shutdown(wait=False)

    async def _returned(self) -> bool:
        """Whether a broker that was away can be reached: nothing is taken off the queue for one that is not."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._carrier.open)
        except Exception:
            return False
        log("esteio.jobs").info("relay.broker_returned")
        self._well = True
        return True

    async def _round(self, queue: str) -> Look:
        try:
            slots, on_the_way = await self._tickets.room(queue)
            room = max(FEWEST, 2 * slots) - on_the_way
            if room <= 0:
                return Look.FULL
            jobs = await self._tickets.take(queue, room)
        except EsteioError as error:
            log("esteio.jobs").warning("relay.database_away", cause=error.operator)
            return Look.IDLE
        if not jobs:
            return Look.IDLE
        size = max(1, min(BATCH, slots // SHARE)) if queue == "io" and len(jobs) >= ONCE_BATCHED else 1
        sent = await self._carry(queue, [jobs[place : place + size] for place in range(0, len(jobs), size)])
        if not sent:
            return Look.IDLE
        return Look.SENT if len(jobs) == room else Look.PART

    async def _carry(self, queue: str, batches: Batches) -> bool:
        """Whether all were given to the broker; the others wait again."""
        loop = asyncio.get_running_loop()
        spans = await self._spans(queue, batches)
        sending = loop.run_in_executor(self._thread, self._carrier.carry, queue, batches)
        try:
            # Shielded: a relay that ends must know what it has sent, or it would wait until it is missed.
            await asyncio.wait([sending])
        except asyncio.CancelledError:
            await asyncio.wait([sending], timeout=GOODBYE)
            await self._conclude(queue, batches, sending)
            raise
        finally:
            for span in spans:
                span.end()
        return await self._conclude(queue, batches, sending)

    async def _spans(self, queue: str, batches: Batches) -> list[Span]:
        if self._tracing is None:
            return []
        with suppress(EsteioError):  # a span that is missing holds up no job
            parents = await self._tickets.parents([job for batch in batches for job in batch])
            return carrying(self._tracing, queue, parents)
        return []

    async def _conclude(self, queue: str, batches: Batches, carrying: "asyncio.Future[int]") -> bool:
        error = carrying.exception() if carrying.done() else TimeoutError("the broker did not answer")
        sent = 0 if error else carrying.result()
        if error and self._well:
            log("esteio.jobs").warning("relay.broker_away", cause=f"{type(error).__name__}: {error}")
        self._well = error is None
        carried().labels(queue, "sent").inc(sum(len(batch) for batch in batches[:sent]))
        left = [job for batch in batches[sent:] for job in batch]
        if left:
            carried().labels(queue, "refused").inc(len(left))
            with suppress(EsteioError):  # else the reconciler finds them
                await self._tickets.untake(left)
        return not left
