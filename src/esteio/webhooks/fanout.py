"""From facts of the outbox to deliveries: one for each endpoint that asks for the fact."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from esteio.base.errors import EsteioError
from esteio.db.database import Database
from esteio.db.notices import Notices
from esteio.db.reading import Reading
from esteio.db.transaction import transaction
from esteio.events.outbox import CHANNEL, Fact, next_facts
from esteio.events.spans import telling
from esteio.jobs.context import JobContext
from esteio.telemetry.context import current, new_trace_id
from esteio.telemetry.logs import log
from esteio.telemetry.tracing.span import NOTHING
from esteio.telemetry.tracing.tracing import Tracing
from esteio.webhooks.deliveries import PRINCIPAL, Message, write_deliveries
from esteio.webhooks.messages import body_of, wants

MOST = 100
"""Facts at once. It is halved after a round that took too long, so that no number of endpoints stops the rounds."""

POLL = 1.0
_ENDPOINTS = Reading("SELECT id, events FROM webhook_endpoints WHERE enabled AND deleted_at IS NULL ORDER BY id")


@dataclass(frozen=True, slots=True)
class Subscription:
    """An endpoint that is told facts at present, and which."""

    endpoint: UUID
    events: Sequence[str]


class Fanout:
    """Any number may run, one at a time works. A round that is broken off is done again and adds nothing twice."""

    def __init__(self, database: Database, *, poll: float = POLL, tracing: Tracing | None = None) -> None:
        self._database = database
        self._tracing = tracing
        self._poll = poll
        self._most = MOST

    async def run(self) -> None:
        """Turn facts into deliveries until cancelled."""
        async with Notices(self._database, CHANNEL) as notices:
            while True:
                try:
                    more = await self.once()
                except EsteioError as error:
                    log("esteio.webhooks").warning("fanout.database_away", cause=error.operator)
                    self._most, more = max(1, self._most // 2), False
                if not more:
                    await notices.wait(self._poll)

    async def once(self) -> bool:
        """One round. Whether more facts may be waiting."""
        async with next_facts(self._database, "fanout", self._most) as facts:
            for tenant, mine in _by_tenant(facts).items():
                await self._tell(tenant, mine)
        full, self._most = len(facts) == self._most, min(MOST, self._most + 10)
        return full

    async def _tell(self, tenant: UUID, facts: Sequence[Fact]) -> None:
        rows = await self._database.read(tenant, _ENDPOINTS)
        told = _matched(facts, [Subscription(row["id"], row["events"]) for row in rows])
        if not told:
            return
        async with transaction(self._database, tenant, budget=8.0) as session:
            for fact, endpoints in told:
                with self._standing_for(fact):
                    await write_deliveries(session, message_of(fact), endpoints, tenant=tenant)

    @contextmanager
    def _standing_for(self, fact: Fact) -> Iterator[None]:
        """The deliveries' logs name the request that made the fact true, and their spans belong to its trace."""
        context = _context(fact)
        context.span = telling(self._tracing, [fact], "fanout")
        token = current.set(context)
        try:
            with context.span or NOTHING:
                yield
        finally:
            current.reset(token)


def message_of(fact: Fact) -> Message:
    """The fact as it is sent, word for word the same to every receiver."""
    body = body_of(fact.name, fact.occurred_at, fact.data, fact.subject)
    return Message(id=fact.id, event=fact.name, subject=fact.subject, body=body)


def _matched(facts: Iterable[Fact], subscriptions: Sequence[Subscription]) -> list[tuple[Fact, list[UUID]]]:
    found = ((fact, [one.endpoint for one in subscriptions if wants(one.events, fact.name)]) for fact in facts)
    return [(fact, endpoints) for fact, endpoints in found if endpoints]


def _context(fact: Fact) -> JobContext:
    return JobContext(
        request_id=fact.request_id or fact.id.hex,
        trace_id=fact.trace_id or new_trace_id(),
        principal=PRINCIPAL,
        tenant=str(fact.tenant),
        job="fanout",
    )


def _by_tenant(facts: Iterable[Fact]) -> dict[UUID, list[Fact]]:
    found: dict[UUID, list[Fact]] = {}
    for fact in facts:
        found.setdefault(fact.tenant, []).append(fact)
    return found
