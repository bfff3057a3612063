"""What the workers of orders do, done at once in the test's own process, both queues together."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from pydantic import BaseModel

from esteio.auth.audit import Audit
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.files.records import find
from esteio.jobs.enqueue import enqueue
from esteio.jobs.kinds import JobKind
from esteio.jobs.tickets import Tickets
from esteio.services.petstory.models import Payment, PaymentEvent
from esteio.services.petstory.orders import Actor, locked, move
from esteio.services.petstory.tasks import PRODUCE, OrderRef, produce_job
from esteio.worker.assembly import Workshop
from tests.files.shop import in_shop, rested, runner_of
from tests.house import Served
from tests.petstory.shop import Order

ROUNDS = 40
QUEUES = ("io", "cpu")


async def _round(workshop: Workshop, but: str) -> int:
    """Every job of either queue that is due, once; how many those were."""
    jobs = {name: job for name, job in workshop.jobs.items() if name != but}
    runner = runner_of(workshop, queues=list(QUEUES), jobs=jobs)
    await runner.open()
    try:
        tickets = Tickets(workshop.resources.database)
        due = [job for queue in QUEUES for job in await tickets.take(queue, 100)]
        await runner.work(due)
        return len(due)
    finally:
        await runner.close()


def worked(served: Served, *, again: bool = False, but: str = "") -> int:
    """Work until nothing is due, also at what a job asked for; with `again` at what rests between two tries as well.

    A job of the kind `but` is nobody's here, and waits.
    """

    async def working(workshop: Workshop) -> int:
        done = 0
        for _ in range(ROUNDS):
            if not (now := await _round(workshop, but)):
                return done
            done += now
        raise AssertionError("the work does not end")

    if again:
        rested(served)
    return in_shop(served, working)


def without_ending(served: Served) -> None:
    """Let what is due be done by a process that dies just before it could write down how it ended."""

    class Killed(BaseException):
        pass

    async def dying(workshop: Workshop) -> None:
        await _round(workshop, "")

    # The end of a run is one statement in its last transaction: where the database refuses it, nothing of that
    # transaction is there, as after a kill.
    served.sql(
        "CREATE FUNCTION petstory_die() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'killed' USING ERRCODE = '57P01'; END $$"
    )
    served.sql("CREATE TRIGGER die BEFORE UPDATE OF state ON petstory_arts EXECUTE FUNCTION petstory_die()")
    try:
        in_shop(served, dying)
    finally:
        served.sql("DROP TRIGGER die ON petstory_arts")
        served.sql("DROP FUNCTION petstory_die")


def ran(served: Served, kind: JobKind[Any], order: BaseModel) -> None:
    """Run a job as the schedule would, and nothing else."""

    async def running(workshop: Workshop) -> None:
        async with transaction(workshop.resources.database, DEFAULT_TENANT) as session:
            job = await enqueue(session, kind, order, tenant=DEFAULT_TENANT, principal="test")
        runner = runner_of(workshop, queues=list(QUEUES))
        await runner.open()
        try:
            await runner.work([job])
        finally:
            await runner.close()

    in_shop(served, running)


def object_of(served: Served, file: UUID) -> bytes:
    """The bytes of a file."""

    async def reading(workshop: Workshop) -> bytes:
        found = await find(workshop.resources.database, DEFAULT_TENANT, file)
        return await workshop.resources.files.store.whole(found.key)

    return in_shop(served, reading)


def actor_of(workshop: Workshop) -> Actor:
    """A test, as it is noted."""
    clock = workshop.resources.clock
    return Actor("test", DEFAULT_TENANT, clock, Audit(clock))


def paid(order: Order, waits: str = "checkout_created") -> None:
    """What a believed payment leaves behind for an order in this state: it is paid, and its making asked for."""

    async def pay(workshop: Workshop) -> None:
        clock, actor = workshop.resources.clock, actor_of(workshop)
        async with transaction(workshop.resources.database, DEFAULT_TENANT) as session:
            row = await locked(session, order.id)
            number = str(uuid4().int)[:12]
            session.add(_payment(order, number, row.price, row.currency, clock.now()))
            session.add(_event(order, number, row.price, row.currency, clock.now()))
            row = await move(session, row, "paid", actor=actor, paid_at=clock.now(), received=row.price)
            ref = OrderRef(order=order.id)
            await enqueue(session, PRODUCE, ref, tenant=DEFAULT_TENANT, principal="test", key=produce_job(order.id))

    order.put(waits)
    in_shop(order.shop.served, pay)


def _payment(order: Order, number: str, amount: Any, currency: str, now: datetime) -> Payment:
    return Payment(
        tenant_id=DEFAULT_TENANT,
        order_id=order.id,
        number=number,
        status="approved",
        amount=amount,
        refunded=0,
        currency=currency,
        live=False,
        approved_at=now,
        changed_at=now.astimezone(UTC),
        first_seen_at=now,
        seen_at=now,
    )


def _event(order: Order, number: str, amount: Any, currency: str, now: datetime) -> PaymentEvent:
    return PaymentEvent(
        tenant_id=DEFAULT_TENANT,
        order_id=order.id,
        number=number,
        status="approved",
        delta=amount,
        currency=currency,
        source="notification",
        at=now,
    )
