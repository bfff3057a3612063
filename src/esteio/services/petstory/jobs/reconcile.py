"""Asking after payments that we were not told of: notifications may be lost."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.jobs.enqueue import Order as Asked
from esteio.jobs.enqueue import enqueue_all
from esteio.jobs.run import Run
from esteio.services.petstory.jobs.acting import section_of
from esteio.services.petstory.jobs.reading import market_of
from esteio.services.petstory.payments import waiting
from esteio.services.petstory.payments.refusals import Busy, Declined, Unknown
from esteio.services.petstory.payments.waiting import Due
from esteio.services.petstory.tasks import READ_PAYMENT, REFUND, PaymentRef, RefundRef, SweepOrder, Swept
from esteio.telemetry.logs import log
from esteio.upstream.errors import UpstreamUnavailable

PORTION = 60
"""Orders that one run asks after, and payments that it has read: what is left over waits for the next."""


async def reconcile(run: Run, order: SweepOrder) -> Swept:
    """What is due is asked after, one by one, and noted; where Mercado Pago wants to be left alone it is left alone."""
    swept = Swept()
    if not section_of(run).paying:
        return swept
    async with run.transaction() as session:
        orders = await waiting.due(session, run.clock.now(), PORTION)
        await _have_read(run, session, await waiting.pending(session, run.clock.now(), section_of(run), PORTION))
        await _have_refunded(run, session)
    for one in orders:
        try:
            await _ask_after(run, one)
        except UpstreamUnavailable as error:
            log("esteio.petstory").warning("petstory.reconciliation_interrupted", cause=error.operator)
            async with run.transaction() as session:
                await waiting.put_off(session, one, run.clock.now())
            break
        swept.orders += 1
    return swept


async def _ask_after(run: Run, one: Due) -> None:
    """Have those of its payments read that we do not know so."""
    try:
        found = await market_of(run).payments_of(str(one.order))
    except (Busy, Declined, Unknown) as error:
        log("esteio.petstory").warning("petstory.search_declined", order=str(one.order), cause=str(error))
        found = []
    async with run.transaction() as session:
        numbers = await waiting.unread(session, [(payment.number, payment.status) for payment in found])
        await _have_read(run, session, numbers)
        await waiting.looked(session, one, run.clock.now(), section_of(run))


async def _have_read(run: Run, session: AsyncSession, numbers: Sequence[str]) -> None:
    asked = [
        Asked(PaymentRef(number=number, source="reconciliation"), key=f"payment:{number}")
        for number in dict.fromkeys(numbers)
    ]
    if asked:
        await enqueue_all(session, READ_PAYMENT, asked, tenant=run.tenant, principal=run.principal)


async def _have_refunded(run: Run, session: AsyncSession) -> None:
    """Once more, where a refund has lost its job; one that has it is not doubled."""
    ids = await waiting.stuck(session, run.clock.now(), PORTION)
    asked = [Asked(RefundRef(refund=refund), key=f"refund:{refund}") for refund in ids]
    if asked:
        await enqueue_all(session, REFUND, asked, tenant=run.tenant, principal=run.principal)
