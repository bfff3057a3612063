"""What becomes of a picture, and of its order when it was the last of its stage."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.files.records import FileRef, keep
from esteio.files.store import Written
from esteio.jobs.enqueue import enqueue
from esteio.services.petstory import drawings, mails, orders
from esteio.services.petstory.drawings import STAGES, Standing
from esteio.services.petstory.models import Art, Order, Photo
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.states import PHOTO_REFUSED
from esteio.services.petstory.tasks import MAKE_BOOK, OrderRef

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture's file and the object that it is."""

    file: FileRef
    written: Written


@dataclass(frozen=True, slots=True)
class Picture:
    """What was drawn: whole and watermarked, by whom, and what it cost in US dollars beyond what was set aside."""

    whole: Kept
    preview: Kept
    width: int
    height: int
    provider: str
    model: str
    cost: Decimal
    owed: Decimal


async def wanted(session: AsyncSession, asked: UUID) -> tuple[Order, Art] | None:
    """The order, held, and the picture that is still to be drawn for it; `None` where nobody waits for it any more."""
    order_id = await session.scalar(select(Art.order_id).where(Art.id == asked))
    if order_id is None:
        return None
    order = await orders.locked(session, order_id)
    query = select(Art).where(Art.id == asked).execution_options(populate_existing=True)
    art = await session.scalar(query)
    waits = art is not None and art.state == "queued" and STAGES.get(order.state) == art.stage
    return (order, art) if waits and art is not None else None


async def set_aside(
    session: AsyncSession, asked: UUID, price: Decimal, *, actor: Actor, section: PetstorySettings
) -> bool:
    """Count what a picture may cost before it is asked for; whether the order's budgets allow it.

    It stays counted where nobody lives to say that it was not spent: the budget is never exceeded.
    """
    found = await wanted(session, asked)
    if found is None:
        return False
    order, art = found
    if order.spent + price + await _held_back(session, order, art, price) > section.art_budget:
        return False
    if art.stage == "preview" and order.spent + price > section.preview_budget:
        return False
    await orders.change(session, order, actor=actor, spent=order.spent + price)
    return True


async def _held_back(session: AsyncSession, order: Order, art: Art, price: Decimal) -> Decimal:
    """What the book will need is not spent on previews, but for the first."""
    if art.stage != "preview" or order.spent < price * len(order.styles):
        return ZERO
    photos = await session.scalar(select(func.count()).select_from(Photo).where(Photo.order_id == order.id)) or 1
    return price * (photos - 1) * len(order.styles)


async def give_back(session: AsyncSession, order_id: UUID, amount: Decimal, *, actor: Actor) -> None:
    """What was set aside and not spent, whatever has become of the picture and of its order."""
    order = await orders.locked(session, order_id)
    await orders.change(session, order, actor=actor, spent=max(ZERO, order.spent - amount))


async def in_vain(session: AsyncSession, asked: UUID) -> int:
    """Note an answer without a picture; how many there were."""
    art = await session.scalar(select(Art).where(Art.id == asked).with_for_update())
    if art is None:
        return 0
    art.tries += 1
    return art.tries


async def drawn(session: AsyncSession, asked: UUID, picture: Picture, *, actor: Actor) -> bool:
    """The picture is there. Its order goes on when it was the last of its stage. Whether it was still wanted."""
    found = await wanted(session, asked)
    if found is None:
        return False
    order, art = found
    for kept in (picture.whole, picture.preview):
        keep(session, kept.file, kept.written, tenant=actor.tenant, principal=actor.who, now=actor.now)
    art.state, art.reason, art.drawn_at = "drawn", None, actor.now
    art.file_id, art.preview_file_id = picture.whole.file.file_id, picture.preview.file.file_id
    art.width, art.height = picture.width, picture.height
    art.provider, art.model, art.cost = picture.provider, picture.model, picture.cost
    if picture.owed:
        order = await orders.change(session, order, actor=actor, spent=max(ZERO, order.spent + picture.owed))
    await _go_on(session, order, actor)
    return True


async def not_drawn(session: AsyncSession, asked: UUID, state: str, reason: str, *, actor: Actor) -> None:
    """It is `refused`, so that another photo is needed, or has `failed` for good. The others are drawn all the same."""
    found = await wanted(session, asked)
    if found is None:
        return
    order, art = found
    art.state, art.reason = state, reason[:200]
    await _go_on(session, order, actor)


async def _go_on(session: AsyncSession, order: Order, actor: Actor) -> None:
    stage = STAGES[order.state]
    how = await drawings.standing(session, order, stage)
    orders.progress(session, order, how.done, how.total, actor=actor)
    if how.open:
        return
    if stage == "preview":
        await _end_preview(session, order, how, actor)
    else:
        await _end_pictures(session, order, how, actor)


async def _end_preview(session: AsyncSession, order: Order, how: Standing, actor: Actor) -> None:
    if how.refused or how.failed:
        await orders.move(session, order, "preview_failed", actor=actor, reason=_reason(how))
    else:
        await orders.move(session, order, "preview_ready", actor=actor)


async def _end_pictures(session: AsyncSession, order: Order, how: Standing, actor: Actor) -> None:
    if how.refused or how.failed:
        order = await orders.move(session, order, "production_failed", actor=actor, reason=_reason(how))
        if how.refused:
            await mails.ask(session, order, "photo_wanted", actor=actor)
        return
    ref = OrderRef(order=order.id)
    await enqueue(session, MAKE_BOOK, ref, tenant=actor.tenant, principal=actor.who, key=str(order.id))


def _reason(how: Standing) -> str:
    """A refused photo comes first: it is the one thing that the customer can mend."""
    return PHOTO_REFUSED if how.refused else how.failed[0].reason or "FAILED"
