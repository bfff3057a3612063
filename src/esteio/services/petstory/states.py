"""The states of an order and every way from one to another. Nothing else moves an order."""

from collections.abc import Mapping
from typing import Literal, get_args

State = Literal[
    "draft",
    "photos_uploaded",
    "preview_queued",
    "preview_ready",
    "preview_failed",
    "checkout_created",
    "payment_pending",
    "payment_rejected",
    "paid",
    "producing",
    "produced",
    "production_failed",
    "emailed",
    "email_failed",
    "delivered",
    "refunded",
    "charged_back",
    "expired",
]
STATES: tuple[State, ...] = get_args(State)

WAYS: Mapping[State, frozenset[State]] = {
    "draft": frozenset({"photos_uploaded", "expired"}),
    "photos_uploaded": frozenset({"draft", "preview_queued", "expired"}),
    "preview_queued": frozenset({"preview_ready", "preview_failed", "expired"}),
    "preview_failed": frozenset({"draft", "photos_uploaded", "preview_queued", "expired"}),
    "preview_ready": frozenset({"draft", "photos_uploaded", "preview_queued", "checkout_created", "expired"}),
    "checkout_created": frozenset({"payment_pending", "payment_rejected", "paid", "expired"}),
    "payment_pending": frozenset({"payment_rejected", "paid", "expired"}),
    "payment_rejected": frozenset({"checkout_created", "payment_pending", "paid", "expired"}),
    # Money that comes too late is still money: it is taken note of, and given back where the photos are gone.
    "expired": frozenset({"paid"}),
    "paid": frozenset({"producing", "production_failed", "refunded", "charged_back"}),
    "producing": frozenset({"produced", "production_failed", "refunded", "charged_back"}),
    "production_failed": frozenset({"producing", "refunded", "charged_back"}),
    "produced": frozenset({"emailed", "email_failed", "delivered", "refunded", "charged_back"}),
    "email_failed": frozenset({"emailed", "delivered", "refunded", "charged_back"}),
    "emailed": frozenset({"delivered", "refunded", "charged_back"}),
    "delivered": frozenset({"refunded", "charged_back"}),
    "refunded": frozenset({"charged_back"}),
    "charged_back": frozenset(),
}

OPEN: frozenset[State] = frozenset({"draft", "photos_uploaded", "preview_failed", "preview_ready"})
"""Photos, styles and words may still change."""

UNPAID: frozenset[State] = OPEN | {"preview_queued", "checkout_created", "payment_pending", "payment_rejected"}
"""Nobody has paid yet; left alone, such an order expires."""

AWAITING: frozenset[State] = frozenset({"checkout_created", "payment_pending", "payment_rejected"})
"""A payment may come."""

BOOKED: frozenset[State] = frozenset({"produced", "emailed", "email_failed", "delivered"})
"""The book is there for who has the link."""

PAID: frozenset[State] = BOOKED | {"paid", "producing", "production_failed"}
"""Somebody has paid, and has not got the money back."""


def may(state: State, to: State) -> bool:
    """Whether an order may go from one state to the other."""
    return to in WAYS[state]


PHOTO_REFUSED = "PHOTO_REFUSED"
PHOTO_LOST = "PHOTO_LOST"
PHOTOS_GONE = "PHOTOS_GONE"
PICTURE_LOST = "PICTURE_LOST"
BUDGET = "BUDGET"
BOOK_FAILED = "BOOK_FAILED"
JOB_LOST = "JOB_LOST"
"""Why a preview or a book could not be made, as `reason` says it; a picture's own reason may stand there too."""
