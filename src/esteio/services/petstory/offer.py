"""What a book is and costs by the operator's settings."""

from typing import get_args

from esteio.services.petstory.schemas import STYLES, Language, OfferView, PhotoBounds
from esteio.services.petstory.settings import PetstorySettings

FORMATS = ("image/jpeg", "image/png", "image/webp", "image/heic", "image/heif")
"""As browsers call them; what a file is decides itself by being decoded."""


def offer_of(section: PetstorySettings, *, mailed: bool) -> OfferView:
    """The offer; `mailed` says whether there is a mail server."""
    bounds = PhotoBounds(
        most=section.photos,
        bytes=section.photo_bytes,
        pixels=section.photo_pixels,
        side=section.photo_side,
        formats=list(FORMATS),
    )
    return OfferView(
        price=section.price,
        currency=section.currency,
        payable=section.paying,
        mailed=mailed,
        styles=list(STYLES),
        styles_most=section.styles,
        languages=list(get_args(Language)),
        photos=bounds,
        photos_days=section.photos_days,
        books_days=section.books_days,
        tribute_days=section.tribute_days,
    )
