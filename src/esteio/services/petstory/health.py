"""What of PetStory is not as it should be: worth knowing, and no reason to send requests elsewhere."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.util import find_spec

from sqlalchemy import DateTime, String, bindparam, func, or_, select

from esteio.db.reading import Reading, reading
from esteio.jobs.tables import Ticket
from esteio.manifest import Degraded, HealthCheck
from esteio.resources import Resources
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.tasks import DRAW, DRAW_ASKED

EXTRA = ("PIL", "cv2", "numpy", "typst", "segno", "pillow_heif")
"""What comes with `esteio[petstory]`: without it no photo can be taken and no book made."""

LONG = timedelta(minutes=10)
"""A picture that rests longer than this is not about to be drawn."""


OF_TESTS = "TEST-"
"""With such a token nothing but payments of tests is seen, which buy nothing where money is real."""


def health(section: PetstorySettings) -> Mapping[str, HealthCheck]:
    """The checks under these settings."""

    async def payments(_: Resources) -> None:
        if not section.paying:
            raise Degraded("nothing can be paid: ESTEIO_PETSTORY__MERCADOPAGO_ACCESS_TOKEN is not set")
        if section.mercadopago_live and section.mercadopago_access_token.get_secret_value().startswith(OF_TESTS):
            raise Degraded("no payment is believed: ESTEIO_PETSTORY__MERCADOPAGO_LIVE is on with a token of tests")

    return {
        "petstory.payments": payments,
        "petstory.mail": _mail,
        "petstory.extra": _extra,
        "petstory.art": _art,
    }


async def _mail(resources: Resources) -> None:
    if not resources.mail.configured:
        raise Degraded("no book is mailed: ESTEIO_MAIL__SERVER is not set")


async def _extra(_: Resources) -> None:
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise Degraded(f"no photo can be taken and no book made: {', '.join(missing)} of esteio[petstory] is missing")


async def _art(resources: Resources) -> None:
    asked = {"drawn": DRAW.name, "asked": DRAW_ASKED.name, "late": resources.clock.now() + LONG}
    rows = await resources.database.read(None, _resting(), *_resting().arguments(asked))
    number, until = rows[0]["number"], rows[0]["until"]
    if number:
        raise Degraded(f"{number} pictures are not drawn before {_moment(until)}: the artist's quota or key is used up")


@cache
def _resting() -> Reading:
    number, until = func.count().label("number"), func.min(Ticket.due_at).label("until")
    drawing = or_(Ticket.name == bindparam("drawn", type_=String()), Ticket.name == bindparam("asked", type_=String()))
    late = Ticket.due_at > bindparam("late", type_=DateTime(timezone=True))
    return reading(select(number, until).where(drawing, late))


def _moment(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"
