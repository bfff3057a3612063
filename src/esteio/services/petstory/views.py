"""An order as its customer is shown it."""

from datetime import datetime
from typing import Any

import orjson

from esteio.services.petstory.addresses import Addresses, art_path, preview_path
from esteio.services.petstory.schemas import (
    STYLES,
    ArtView,
    BookView,
    CheckoutView,
    OrderView,
    PhotoView,
    ProgressView,
)
from esteio.services.petstory.states import AWAITING, BOOKED, PAID

Row = dict[str, Any]
_PLAIN = frozenset(OrderView.model_fields) - {"photos", "arts", "progress", "checkout", "book", "tribute_url"}


def order_view(row: Row, addresses: Addresses, now: datetime) -> OrderView:
    """What `queries.order_of` or `queries.order_now` found, with its addresses."""
    photos, arts = _photos(row), _arts(row)
    token = addresses.order_token(row["id"], row["link"])
    return OrderView(
        **{name: row[name] for name in _PLAIN},
        photos=photos,
        arts=[_art_view(art, token, row["state"] in PAID) for art in arts],
        progress=_progress(row, photos, arts),
        checkout=_checkout(row, now),
        book=_book(row, addresses, now),
        tribute_url=_tribute(row, addresses),
    )


def _photos(row: Row) -> list[PhotoView]:
    """Their positions are their places in the list, from 1 on. Of those that went some rows may be left."""
    if row["photos_purged_at"] is not None:
        return []
    found = orjson.loads(row["photos"] or b"[]")
    return [PhotoView.model_validate({**photo, "position": place}) for place, photo in enumerate(found, 1)]


def _arts(row: Row) -> list[Row]:
    """Those of the styles that the order has now, by style."""
    found = orjson.loads(row["arts"] or b"[]")
    chosen = [style for style in STYLES if style in row["styles"]]
    return sorted((art for art in found if art["style"] in chosen), key=lambda art: chosen.index(art["style"]))


def _art_view(art: Row, token: str, paid: bool) -> ArtView:
    shown = {name: art[name] for name in ("id", "photo_id", "style", "state", "reason")}
    preview = preview_path(token, art["id"]) if art["preview_file_id"] else None
    picture = art_path(token, art["id"]) if paid and art["file_id"] else None
    return ArtView.model_validate({**shown, "preview": preview, "picture": picture})


def _progress(row: Row, photos: list[PhotoView], arts: list[Row]) -> ProgressView | None:
    """Of the first photo's pictures while the preview is drawn, of all while the book is made."""
    if row["state"] not in ("preview_queued", "producing") or not photos:
        return None
    wanted = photos[:1] if row["state"] == "preview_queued" else photos
    ids = {str(photo.id) for photo in wanted}
    done = sum(art["photo_id"] in ids and art["state"] != "queued" for art in arts)
    return ProgressView(done=done, total=len(wanted) * len(row["styles"]))


def _checkout(row: Row, now: datetime) -> CheckoutView | None:
    """The last one, while it can be paid."""
    found = orjson.loads(row["checkouts"] or b"[]")
    if not found or row["state"] not in AWAITING:
        return None
    checkout = CheckoutView.model_validate(found[0])
    return checkout if checkout.expires_at > now else None


def _book(row: Row, addresses: Addresses, now: datetime) -> BookView | None:
    if row["book_bytes"] is None or row["state"] not in BOOKED or row["book_expires_at"] <= now:
        return None
    url = addresses.book(row["id"], row["link"])
    return BookView(url=url, bytes=row["book_bytes"], expires_at=row["book_expires_at"])


def _tribute(row: Row, addresses: Addresses) -> str | None:
    if not row["tribute"] or row["state"] not in BOOKED:
        return None
    return addresses.tribute(row["id"], row["tribute_link"])
