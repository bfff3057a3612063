"""Carries the ids of due jobs to the broker, woken by PostgreSQL's notices, with polling as the net below."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID

from esteio.base.errors import EsteioError
from esteio.db.database import Database
from esteio.db.notices import Notices
from esteio.jobs.broker import Carrier
from esteio.jobs.kinds import QUEUES
from esteio.jobs.metrics import carried
from esteio.jobs.settings import JobSettings
from esteio.jobs.tickets import Tickets
from esteio.telemetry.logs import log

CHANNEL = "esteio_jobs"
FEWEST = 4
"""Ids on their way where no worker has signed on yet: the first one finds something to do."""

BUSY_PAUSE = 0.02
"""Seconds between rounds while more is waiting than there is room for."""

ONCE_BATCHED = 64
"""Waiting jobs from which on several ids share a message of the queue `io`."""

BATCH = 8


class Relay:
    """Any number may run. No more ids are on their way than workers have slots twice over, so that turns stay fair."""

    def __init__(self, database: Database, carrier: Carrier, settings: JobSettings) -> None:
        self._tickets = Tickets(database)
        self._notices = Notices(database, CHANNEL)
        self._carrier = carrier
        self._poll = settings.poll
        # The broker's client blocks; one thread, for its connection is not to be shared.
        self._thread = ThreadPoolExecutor(1, "relay")
        self._well = True

    async def run(self) -> None:
        """Carry until cancelled. A broker or database that is away is tried again; what waits there waits."""
        async with self._notices:
            while True:
                busy = False
                for queue in QUEUES:
                    busy = await self._round(queue) or busy
                if busy:
                    await asyncio.sleep(BUSY_PAUSE)
                else:
                    await self._notices.wait(self._poll)

    def close(self) -> None:
        """Drop the connection to the broker."""
        self._thread.submit(self._carrier.close)
        self._thread.shutdown(wait=False)

    async def _round(self, queue: str) -> bool:
        """Whether more may be waiting than was carried now."""
        try:
            slots, on_the_way = await self._tickets.room(queue)
            room = max(FEWEST, 2 * slots) - on_the_way
            if room <= 0:
                return True
            jobs = await self._tickets.take(queue, room)
        except EsteioError as error:
            log("esteio.jobs").warning("relay.database_away", cause=error.operator)
            return False
        return await self._carry(queue, jobs) and len(jobs) == room if jobs else False

    async def _carry(self, queue: str, jobs: Sequence[UUID]) -> bool:
        size = BATCH if queue == "io" and len(jobs) >= ONCE_BATCHED else 1
        batches = [jobs[place : place + size] for place in range(0, len(jobs), size)]
        try:
            loop = asyncio.get_running_loop()
            sent = await loop.run_in_executor(self._thread, self._carrier.carry, queue, batches)
        except Exception as error:
            sent = 0
            if self._well:
                log("esteio.jobs").warning("relay.broker_away", cause=f"{type(error).__name__}: {error}")
        self._well = sent == len(batches)
        carried().labels(queue, "sent").inc(sum(len(batch) for batch in batches[:sent]))
        if self._well:
            return True
        carried().labels(queue, "refused").inc(sum(len(batch) for batch in batches[sent:]))
        with suppress(EsteioError):  # else the reconciler finds them
            await self._tickets.untake([job for batch in batches[sent:] for job in batch])
        return False
