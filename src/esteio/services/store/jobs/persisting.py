"""What was fetched from the shop becomes PostgreSQL's copy."""

from esteio.jobs.errors import Later
from esteio.jobs.run import Run
from esteio.services.store import copies
from esteio.services.store.products import product_of
from esteio.services.store.tasks import Fetched

SOON = 1.0
LONGEST = 60.0
"""Seconds between two looks of a list for its products: at first, and at most."""


async def persist(run: Run, order: Fetched) -> None:
    """Keep what was fetched. Doing it twice, or after what was fetched later, changes nothing.

    The order that makes a list whole waits for those that bring its products.
    """
    products = [product_of(raw) for raw in order.products]
    async with run.transaction() as session:
        await copies.take_in(session, products, order.at)
        if order.missing:
            await copies.mark_vanished(session, order.missing, order.at)
        if order.whole is None:
            return
        if not await copies.mark_list(session, order.whole.listed, order.whole.others, order.at):
            raise Later(pause(run.attempt))


def pause(attempt: int) -> float:
    """Seconds from this try of a list that lacks products to the next."""
    return min(SOON * 2.0 ** (attempt - 1), LONGEST)
