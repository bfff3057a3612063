"""Giving money back: the key of the call was written down before it, so that money is given once."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.db.transaction import transaction
from esteio.jobs.enqueue import enqueue
from esteio.jobs.errors import Later
from esteio.jobs.run import Run
from esteio.services.petstory.jobs.acting import actor_of, section_of
from esteio.services.petstory.jobs.reading import BUSY_REST, later, market_of
from esteio.services.petstory.models import Refund
from esteio.services.petstory.payments.answers import GivenBack, Seen
from esteio.services.petstory.payments.refusals import Busy, Declined, Unknown
from esteio.services.petstory.tasks import READ_PAYMENT, PaymentRef, RefundRef
from esteio.services.petstory.use_cases import paying, refunding
from esteio.upstream.errors import UpstreamUnavailable

NOT_GIVEN = frozenset({"rejected", "cancelled"})
CLOCKS_DIFFER = timedelta(minutes=5)
READ_AGAIN = 60.0


async def refund(run: Run, payload: RefundRef) -> None:
    """Ask Mercado Pago for it, then read the payment. What it declines has failed, with its words."""
    async with transaction(run.database, run.tenant) as session:
        asked = await refunding.one_asked(session, payload.refund)
    if asked is None:
        return
    try:
        given = await market_of(run).refund(asked.number, asked.amount, asked.idempotency_key)
    except UpstreamUnavailable as error:
        raise later(run, error) from error
    except Busy as error:
        raise Later(BUSY_REST) from error
    except (Declined, Unknown) as error:
        await _declined(run, asked, error)
        return
    if given.status in NOT_GIVEN:
        await _failed(run, asked, f"Mercado Pago has {given.status} it.")
    else:
        await _done(run, asked, given)


async def _declined(run: Run, asked: Refund, error: Declined | Unknown) -> None:
    """It is declined too where it was done long ago and the key is forgotten: that is looked up."""
    given = await _given_before(run, asked)
    if given is not None:
        await _done(run, asked, given)
    else:
        await _failed(run, asked, error.words if isinstance(error, Declined) else "Mercado Pago knows no such payment.")


async def _given_before(run: Run, asked: Refund) -> GivenBack | None:
    """A refund of this amount that was made since this one was asked for, and is none of the others."""
    try:
        rows = await market_of(run).refunds(asked.number)
    except UpstreamUnavailable as error:
        raise later(run, error) from error
    except Busy as error:
        raise Later(BUSY_REST) from error
    except (Declined, Unknown):
        return None
    async with transaction(run.database, run.tenant) as session:
        others = await refunding.numbers_done(session, asked.number)
    for row in rows:
        fits = row.amount == asked.amount and row.status not in NOT_GIVEN and row.number not in others
        if fits and row.made_at >= asked.created_at - CLOCKS_DIFFER:
            return row
    return None


async def _failed(run: Run, asked: Refund, words: str) -> None:
    """Note it with what the payment is now: perhaps the money has gone already, and we were not told."""
    seen = await _seen(run, asked.number)
    async with run.completion() as session:
        await refunding.note_failed(session, asked.id, words, actor=actor_of(run))
        if seen is not None:
            await paying.observe(session, actor_of(run), section_of(run), seen, "refund")


async def _done(run: Run, asked: Refund, given: GivenBack) -> None:
    """Note it with what the payment is now; where that cannot be read, or is not told yet, it is read later."""
    seen = await _seen(run, asked.number)
    async with run.completion() as session:
        await refunding.note_done(session, asked.id, given, actor=actor_of(run))
        if seen is not None:
            await paying.observe(session, actor_of(run), section_of(run), seen, "refund")
        if seen is None or seen.refunded < await refunding.given_back(session, asked.number):
            await _read_later(run, session, asked.number)


async def _seen(run: Run, number: str) -> Seen | None:
    try:
        return await market_of(run).payment(number)
    except (UpstreamUnavailable, Busy, Declined, Unknown):
        return None


async def _read_later(run: Run, session: AsyncSession, number: str) -> None:
    await enqueue(
        session,
        READ_PAYMENT,
        PaymentRef(number=number, source="refund"),
        tenant=run.tenant,
        principal=run.principal,
        key=f"payment:{number}:refund",
        delay=READ_AGAIN,
    )
