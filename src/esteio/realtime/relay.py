"""From the outbox to the channels: every committed fact is told to all API processes, in order."""

import asyncio
from collections.abc import Sequence

from esteio.base.errors import EsteioError
from esteio.db.database import Database
from esteio.db.notices import Notices
from esteio.events.outbox import CHANNEL, Fact, next_facts
from esteio.events.spans import telling
from esteio.realtime.channels import Channels
from esteio.realtime.history import History, Shown
from esteio.realtime.messages import body_of_fact
from esteio.realtime.metrics import told
from esteio.telemetry.logs import log
from esteio.telemetry.tracing.span import NOTHING
from esteio.telemetry.tracing.tracing import Tracing

BATCH = 100
POLL = 1.0
TENANTS_AT_ONCE = 16


class Relay:
    """Any number may run; one at a time has the turn. While Redis or the database is away, facts wait in the outbox."""

    def __init__(
        self, database: Database, history: History, channels: Channels, tracing: Tracing | None = None
    ) -> None:
        self._database = database
        self._tracing = tracing
        self._history = history
        self._channels = channels
        self._well = True

    async def run(self) -> None:
        """Tell until cancelled."""
        async with Notices(self._database, CHANNEL) as notices:
            while True:
                try:
                    count = await self.once()
                except EsteioError as error:
                    count = 0
                    if self._well:
                        log("esteio.realtime").warning("relay.waiting", cause=error.operator or error.detail)
                    self._well = False
                else:
                    self._well = True
                if count < BATCH:
                    await notices.wait(POLL)

    async def once(self) -> int:
        """Tell the oldest facts that wait; how many there were. Raises `Unavailable`, and then they wait on."""
        async with next_facts(self._database, "realtime", BATCH) as facts:
            tenants: dict[str, list[Shown]] = {}
            for fact in facts:
                names = self._channels.showing(fact.name, fact.subject)
                if names:
                    tenants.setdefault(str(fact.tenant), []).append(Shown(str(fact.id), names, _body(fact)))
            with telling(self._tracing, facts, "realtime") or NOTHING:
                await self._tell(list(tenants.items()))
        return len(facts)

    async def _tell(self, tenants: Sequence[tuple[str, Sequence[Shown]]]) -> None:
        for place in range(0, len(tenants), TENANTS_AT_ONCE):
            some = tenants[place : place + TENANTS_AT_ONCE]
            counts = await asyncio.gather(*(self._history.tell(tenant, facts) for tenant, facts in some))
            told().inc(sum(counts))


def _body(fact: Fact) -> bytes:
    return body_of_fact(fact.name, str(fact.id), fact.subject, fact.occurred_at.isoformat(), fact.data)
