"""A payment that is to be read again, whoever wants it."""

from esteio.jobs.run import Run
from esteio.services.petstory.jobs.reading import read_payment_of
from esteio.services.petstory.tasks import PaymentRef


async def read_payment(run: Run, payload: PaymentRef) -> None:
    """Ask for it, and take note of what it is now."""
    await read_payment_of(run, payload.number, payload.source)
