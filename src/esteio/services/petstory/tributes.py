"""Reads of tribute pages, for whoever has their address: while the order is told of, and for so many days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Integer, Uuid, bindparam, select

from esteio.base.errors import NotFound
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.database import Database
from esteio.db.reading import Reading, reading
from esteio.files.records import FoundFile, find
from esteio.services.petstory.links import Link
from esteio.services.petstory.models import Art, Order, Photo
from esteio.services.petstory.schemas import STYLES, Language, Style
from esteio.services.petstory.states import BOOKED


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole picture; its size in pixels, where it is known."""

    id: UUID
    style: Style
    file: UUID
    size: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Tribute:
    """What the page shows."""

    pet_name: str
    species: str | None
    breed: str | None
    born: date | None
    language: Language
    title: str
    paragraphs: Sequence[str]
    pictures: Sequence[Picture]


async def tribute_of(database: Database, link: Link, now: datetime, days: int) -> Tribute:
    """Raises `NotFound` for an address that was revoked, and where the page is off or over."""
    shape = _one()
    rows = await database.read(DEFAULT_TENANT, shape, *shape.arguments({"order_id": link.order, "number": link.number}))
    if not rows or not _is_shown(rows[0], now, days):
        raise NotFound
    first = rows[0]
    story = _story(first["story"])
    return Tribute(
        **{name: first[name] for name in ("pet_name", "species", "breed", "born", "language")},
        title=str(story.get("title", "")),
        paragraphs=[str(text) for text in story.get("paragraphs", ())],
        pictures=_firsts(rows),
    )


async def picture_file(database: Database, tribute: Tribute, picture: UUID) -> FoundFile:
    """The file of a picture that the page shows. Raises `NotFound`."""
    for one in tribute.pictures:
        if one.id == picture:
            file = await find(database, DEFAULT_TENANT, one.file)
            if file.deleted_at is None:
                return file
    raise NotFound


def _is_shown(row: Any, now: datetime, days: int) -> bool:
    if not row["tribute"] or row["state"] not in BOOKED or row["produced_at"] is None:
        return False
    return bool(now < row["produced_at"] + timedelta(days=days))


def _firsts(rows: Sequence[Any]) -> list[Picture]:
    """Of each style the first that was drawn, in the styles' own order."""
    found: dict[str, Picture] = {}
    for row in rows:
        if row["art"] is not None and row["style"] not in found:
            size = (row["width"], row["height"]) if row["width"] and row["height"] else None
            found[row["style"]] = Picture(row["art"], row["style"], row["file_id"], size)
    return [found[style] for style in STYLES if style in found]


def _story(found: Any) -> dict[str, Any]:
    """A driver gives JSON as a text, or as what it says."""
    story = orjson.loads(found) if isinstance(found, str | bytes) else found
    return story if isinstance(story, dict) else {}


@cache
def _one() -> Reading:
    """The order, once for each of its pictures."""
    order = (Order.tribute, Order.state, Order.produced_at, Order.pet_name, Order.species, Order.breed, Order.born)
    art = (Art.id.label("art"), Art.style, Art.file_id, Art.width, Art.height)
    query = (
        select(*order, Order.language, Order.story, *art)
        .outerjoin(Art, (Art.order_id == Order.id) & Art.file_id.is_not(None))
        .outerjoin(Photo, Photo.id == Art.photo_id)
        .where(Order.id == bindparam("order_id", type_=Uuid()))
        .where(Order.tribute_link == bindparam("number", type_=Integer()))
    )
    return reading(query.order_by(Photo.position, Art.id))
