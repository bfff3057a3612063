"""Orders as every use case handles them: held while they are looked at, moved by compare-and-set, told and audited."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.audit import Audit
from esteio.base.clock import Clock
from esteio.base.errors import NotFound
from esteio.db.transaction import after_commit
from esteio.events.events import tell
from esteio.services.petstory.errors import OrderState
from esteio.services.petstory.events import (
    ENTERED,
    LINKS_REVOKED,
    ORDER_PROGRESS,
    LinksFact,
    OrderFact,
    ProgressFact,
)
from esteio.services.petstory.links import CUSTOMER, Link
from esteio.services.petstory.metrics import steps
from esteio.services.petstory.models import Order
from esteio.services.petstory.states import State, may
from esteio.telemetry.logs import log

TROUBLED: frozenset[State] = frozenset({"preview_failed", "production_failed", "email_failed", "charged_back"})
"""States that somebody should look at."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it, and when: what every step of an order is noted with.

    `who` is the id of a principal, or of what acts by itself (`job:petstory.draw`, `customer`).
    """

    who: str
    tenant: UUID
    clock: Clock
    audit: Audit

    @property
    def now(self) -> datetime:
        return self.clock.now()


async def locked(session: AsyncSession, order_id: UUID) -> Order:
    """The order, held until the transaction ends, so that its steps come one after the other. Raises `NotFound`."""
    query = select(Order).where(Order.id == order_id).with_for_update().execution_options(populate_existing=True)
    order = await session.scalar(query)
    if order is None:
        raise NotFound
    return order


async def reached(session: AsyncSession, link: Link) -> Order:
    """The order of a customer's link, held as `locked` does. Raises `NotFound`, also for a link that was revoked."""
    order = await locked(session, link.order)
    if order.link != link.number:
        raise NotFound
    return order


async def move(
    session: AsyncSession, order: Order, to: State, *, actor: Actor, reason: str | None = None, **values: Any
) -> Order:
    """Let the order enter a state, with what else becomes true then. Tells `order.<state>` and writes an audit entry.

    Raises `OrderState` where no way leads there, and where the order has moved meanwhile.
    """
    previous: State = order.state  # type: ignore[assignment]
    if not may(previous, to):
        raise OrderState(f"An order that is {previous} cannot become {to}.")
    await change(session, order, actor=actor, state=to, reason=reason, **values)
    actor.audit.write(
        session,
        f"petstory.order.{to}",
        str(order.id),
        tenant=actor.tenant,
        actor=actor.who,
        details={"from": previous, "reason": reason} if reason else {"from": previous},
        # The audit log forgets nothing: from where a customer acted is not for it.
        located=actor.who != CUSTOMER,
    )
    _tell(session, order, previous, actor)
    return order


async def change(session: AsyncSession, order: Order, *, actor: Actor, **values: Any) -> Order:
    """Write values to the order, whose version grows by one. Raises `OrderState` where it has changed meanwhile."""
    await session.flush()
    query = (
        update(Order)
        .where(Order.id == order.id, Order.version == order.version)
        .values(version=Order.version + 1, updated_at=actor.now, **values)
        .returning(Order)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    found = await session.scalar(query)
    if found is None:
        raise OrderState("The order has changed meanwhile: look at it again.")
    return found


def begin(session: AsyncSession, order: Order, *, actor: Actor) -> None:
    """Note and tell a new order."""
    session.add(order)
    actor.audit.write(
        session,
        "petstory.order.draft",
        str(order.id),
        tenant=actor.tenant,
        actor=actor.who,
        located=actor.who != CUSTOMER,
    )
    _tell(session, order, None, actor)


def progress(session: AsyncSession, order: Order, done: int, total: int, *, actor: Actor) -> None:
    """Tell how many pictures of the present stage are drawn."""
    fact = ProgressFact(id=order.id, state=order.state, done=done, total=total)
    tell(session, ORDER_PROGRESS, fact, subject=order.id, tenant=actor.tenant, principal=actor.who, at=actor.now)


def tell_void(session: AsyncSession, order: Order, *, actor: Actor) -> None:
    """Tell that links with a smaller number than the order's lead nowhere any more: who follows it by one is ended."""
    fact = LinksFact(id=order.id, link=order.link)
    tell(session, LINKS_REVOKED, fact, subject=order.id, tenant=actor.tenant, principal=actor.who, at=actor.now)


def _tell(session: AsyncSession, order: Order, previous: State | None, actor: Actor) -> None:
    fact = OrderFact(
        id=order.id,
        state=order.state,
        previous=previous,
        reason=order.reason,
        price=order.price,
        currency=order.currency,
        received=order.received,
        language=order.language,
        styles=order.styles,
        version=order.version,
        created_at=order.created_at,
    )
    kind = ENTERED[fact.state]
    tell(session, kind, fact, subject=order.id, tenant=actor.tenant, principal=actor.who, at=actor.now)
    after_commit(session, lambda: _show(fact))


async def _show(fact: OrderFact) -> None:
    """Count the step, and write it to the log: what an order has gone through is found there by its id."""
    steps().labels(fact.state).inc()
    said = {"order": str(fact.id), "state": fact.state, "previous": fact.previous, "reason": fact.reason}
    logger = log("esteio.petstory")
    (logger.warning if fact.state in TROUBLED else logger.info)("petstory.order", **said)
