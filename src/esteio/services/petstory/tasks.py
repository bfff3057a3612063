"""What is done later: the kinds of jobs, their orders and results."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from esteio.jobs.kinds import JobKind, Retry, Schedule
from esteio.webhooks.kinds import Received

Source = Literal["notification", "reconciliation", "refund", "admin"]
MailKind = Literal["book", "photo_wanted", "refunded"]


class ArtOrder(BaseModel):
    """One picture: a row of `petstory_arts`."""

    art: UUID
    order: UUID


class OrderRef(BaseModel):
    """One order."""

    order: UUID


class PaymentRef(BaseModel):
    """A payment by its number at Mercado Pago."""

    number: str
    source: Source


class RefundRef(BaseModel):
    refund: UUID


class MailRef(BaseModel):
    mail: UUID
    order: UUID


class SweepOrder(BaseModel):
    """What is due is done; there is nothing to choose."""


class Swept(BaseModel):
    """How many there were."""

    orders: int = 0
    files: int = 0


_PATIENT = Retry(tries=8, first=5.0, longest=1800.0)
_LASTING = Retry(tries=14, first=5.0, longest=3600.0)
_FOR_DAYS = Retry(tries=84, first=5.0, longest=3600.0)
"""Whoever was told that we have heard does not tell it again: three days of an outage lose nothing."""

DRAW = JobKind(name="petstory.draw", payload=ArtOrder, queue="cpu", retry=_PATIENT, time_limit=300.0, lane_limit=4)
DRAW_ASKED = JobKind(
    name="petstory.draw_asked", payload=ArtOrder, queue="io", retry=_LASTING, time_limit=400.0, lane_limit=8
)
"""The same by a model that is asked for it: it waits where the other computes."""

PRODUCE = JobKind(name="petstory.produce", payload=OrderRef, retry=_LASTING, time_limit=300.0)
"""A paid order: tells its story and has the pictures drawn that are not there yet."""

MAKE_BOOK = JobKind(name="petstory.make_book", payload=OrderRef, queue="cpu", retry=_PATIENT, time_limit=600.0)
SEND_MAIL = JobKind(name="petstory.send_mail", payload=MailRef, retry=_LASTING, time_limit=1600.0, lane_limit=4)
"""Longer than both of the mail's own bounds can be set to: what ends a mail that takes too long is they."""

NOTIFIED = JobKind(name="petstory.notified", payload=Received, retry=_FOR_DAYS, time_limit=60.0)
READ_PAYMENT = JobKind(name="petstory.read_payment", payload=PaymentRef, retry=_LASTING, time_limit=60.0)
REFUND = JobKind(name="petstory.refund", payload=RefundRef, retry=_LASTING, time_limit=60.0)
RECONCILE = JobKind(name="petstory.reconcile", payload=SweepOrder, time_limit=280.0)
MEND = JobKind(name="petstory.mend", payload=SweepOrder, time_limit=280.0)
"""Orders whose jobs have ended without a word, such as those that killed their workers, come to an end too."""

RETAIN = JobKind(name="petstory.retain", payload=SweepOrder, time_limit=1800.0)

SCHEDULES = (
    Schedule(kind=MEND, cron="2-57/5 * * * *", payload=SweepOrder()),
    Schedule(kind=RECONCILE, cron="*/5 * * * *", payload=SweepOrder()),
    Schedule(kind=RETAIN, cron="17 * * * *", payload=SweepOrder()),
)


def produce_job(order: UUID) -> str:
    """The key of the job that makes an order: whoever asks for it, one at a time lives."""
    return f"produce:{order}"
