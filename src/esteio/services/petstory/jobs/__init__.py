"""What PetStory does later and at times."""

from esteio.jobs.job import AnyJob, Job
from esteio.services.petstory.jobs.draw import draw
from esteio.services.petstory.jobs.make_book import write_book
from esteio.services.petstory.jobs.mend import mend
from esteio.services.petstory.jobs.notified import notified
from esteio.services.petstory.jobs.produce import produce
from esteio.services.petstory.jobs.read_payment import read_payment
from esteio.services.petstory.jobs.reconcile import reconcile
from esteio.services.petstory.jobs.refund import refund
from esteio.services.petstory.jobs.retain import retain
from esteio.services.petstory.jobs.send_mail import send_mail
from esteio.services.petstory.tasks import (
    DRAW,
    DRAW_ASKED,
    MAKE_BOOK,
    MEND,
    NOTIFIED,
    PRODUCE,
    READ_PAYMENT,
    RECONCILE,
    REFUND,
    RETAIN,
    SEND_MAIL,
)

JOBS: tuple[AnyJob, ...] = (
    Job(DRAW, draw),
    Job(DRAW_ASKED, draw),
    Job(PRODUCE, produce),
    Job(MAKE_BOOK, write_book),
    Job(MEND, mend),
    Job(NOTIFIED, notified),
    Job(READ_PAYMENT, read_payment),
    Job(RECONCILE, reconcile),
    Job(REFUND, refund),
    Job(RETAIN, retain),
    Job(SEND_MAIL, send_mail),
)
