"""How long orders and what belongs to them are kept: for each thing, the orders of which it is due to go."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select

from esteio.services.petstory.models import Art, Checkout, Order, Payment, Photo
from esteio.services.petstory.payments.standing import UNDER_WAY
from esteio.services.petstory.settings import PetstorySettings
from esteio.services.petstory.states import BOOKED, UNPAID

Due = ColumnElement[bool]

GIVEN_BACK = frozenset({"refunded", "charged_back"})
_ENDED = BOOKED | GIVEN_BACK | {"expired"}
_mailed = func.coalesce(Order.emailed_at, Order.delivered_at, Order.produced_at)
_end = func.coalesce(
    func.greatest(Order.ended_at, Order.delivered_at, Order.emailed_at, Order.produced_at), Order.updated_at
)
"""PostgreSQL's `greatest` passes over what is not there."""


def unpaid(now: datetime, section: PetstorySettings) -> Due:
    """Nobody paid in time. While a checkout can be paid or a payment is under way there is time left; a payment of
    which nothing is heard any more is waited for as long as it is asked after.
    """
    payable = select(Checkout.id).where(
        Checkout.order_id == Order.id, Checkout.url.is_not(None), Checkout.expires_at > now
    )
    since = now - timedelta(days=section.reconcile_days)
    paying = select(Payment.id).where(
        Payment.order_id == Order.id, Payment.status.in_(UNDER_WAY), Payment.first_seen_at > since
    )
    return and_(Order.state.in_(UNPAID), Order.expires_at <= now, ~payable.exists(), ~paying.exists())


def photos(now: datetime, section: PetstorySettings) -> Due:
    """Photos, and pictures that nothing shows any more: at once of what has expired, else so long after the mail, or
    after the money was given back.
    """
    before = now - timedelta(days=section.photos_days)
    over = or_(
        Order.state == "expired",
        and_(Order.state.in_(GIVEN_BACK), func.coalesce(Order.ended_at, Order.updated_at) <= before),
        and_(Order.state.in_(BOOKED), _mailed <= before),
    )
    return and_(Order.photos_purged_at.is_(None), over)


def previews(now: datetime, section: PetstorySettings) -> Due:
    """Watermarked pictures, of what its customer has."""
    marked = select(Art.id).where(Art.order_id == Order.id, Art.preview_file_id.is_not(None))
    had = or_(Order.emailed_at <= now, Order.delivered_at <= now)
    return and_(Order.state.in_(_ENDED), had, marked.exists())


def books(now: datetime, section: PetstorySettings) -> Due:
    return and_(Order.book_id.is_not(None), Order.produced_at <= now - timedelta(days=section.books_days))


def tributes(now: datetime, section: PetstorySettings) -> Due:
    """The page behind the QR code, and all that is left for it."""
    left = select(Photo.id).where(Photo.order_id == Order.id)
    shown = or_(Order.tribute, Order.story.is_not(None), left.exists())
    return and_(Order.state.in_(_ENDED), Order.produced_at <= now - timedelta(days=section.tribute_days), shown)


def names(now: datetime, section: PetstorySettings) -> Due:
    """Whose it was, and what was told of the pet."""
    before = now - timedelta(days=section.customers_days)
    return and_(Order.forgotten_at.is_(None), Order.state.in_(_ENDED), _end <= before)


def shows_tribute(order: Order, now: datetime, section: PetstorySettings) -> bool:
    """Whether the page behind the QR code still needs the pet's name and story."""
    if not order.tribute or order.state not in BOOKED or order.produced_at is None:
        return False
    return now < order.produced_at + timedelta(days=section.tribute_days)
