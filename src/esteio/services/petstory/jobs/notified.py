"""A notification of Mercado Pago: it says which payment to read, and nothing of it is believed."""

from esteio.db.transaction import transaction
from esteio.jobs.run import Run
from esteio.services.petstory.jobs.reading import read_payment_of
from esteio.services.petstory.payments.signatures import Notice
from esteio.webhooks.kinds import Received
from esteio.webhooks.receipts import read_receipt


async def notified(run: Run, payload: Received) -> None:
    """Read the payment that it names; what is about something else is kept, and that is all."""
    async with transaction(run.database, run.tenant) as session:
        receipt, _ = await read_receipt(session, payload.receipt)
    notice = Notice.of(receipt.sender_id)
    if notice.type == "payment" and notice.resource:
        await read_payment_of(run, notice.resource, "notification")
