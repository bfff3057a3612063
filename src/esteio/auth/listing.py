"""Lists of administrators: ordered by one unique column, paged by number and by cursor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from esteio.base.errors import InvalidCursor
from esteio.base.page import Direction, NumberedPage, Place
from esteio.http.answers import Answer, Link
from esteio.http.cursors import Cursors
from esteio.http.pagination import (
    Paging,
    SortOrder,
    cursor_links,
    cursor_meta,
    cursor_page,
    numbered_links,
    numbered_meta,
)

Query = Select[*tuple[Any, ...]]
BETWEEN: Final = "\n"
"""Stands in no name."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A kind of list. `column` is unique in the tenant; ids made later are greater, so descending is newest first.

    `of` reads the column's value from a row as the query gives it; `read` makes that value from a cursor's JSON.
    """

    name: str
    base: str
    column: InstrumentedAttribute[Any] | ColumnElement[Any]
    of: Callable[[Any], Any]
    read: Callable[[Any], Any]
    descending: bool = True

    def sorted(self, order: SortOrder | None) -> Self:
        """The same list in this order, or in its own."""
        return self if order is None else replace(self, descending=order == "desc")

    def by(self, column: InstrumentedAttribute[str], name: Callable[[Any], str]) -> Self:
        """The same list by a text that need not be unique: what the list went by before decides between equals."""
        both = func.concat(column, BETWEEN, cast(self.column, String))
        return replace(
            self, column=both, of=lambda row: f"{name(row)}{BETWEEN}{self.of(row)}", read=str, descending=False
        )


def containing(text: str, *columns: InstrumentedAttribute[Any] | ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the text stands in one of the columns, whatever its case."""
    return or_(*(column.icontains(text, autoescape=True) for column in columns))


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a page with everything that its answer says about it."""

    rows: Sequence[Any]
    links: list[Link]
    meta: dict[str, Any]

    def answer(self, shown: Callable[[Any], Any]) -> Answer:
        """The page, each row as it is shown. Never kept: it may say who may do what."""
        return Answer([shown(row) for row in self.rows], links=self.links, meta=self.meta, cache_control="no-store")


async def listed(
    session: AsyncSession,
    listing: Listing,
    query: Query,
    paging: Paging,
    *,
    cursors: Cursors,
    tenant: UUID,
    filters: Mapping[str, Any] | None = None,
) -> Page:
    """The page that the caller asked for. `filters` are what the query was made from, for links and cursors."""
    said = {name: value for name, value in (filters or {}).items() if value is not None}
    if paging.by_cursor():
        return await _by_cursor(session, listing, query, paging, cursors, tenant, said)
    number, per_page = paging.page or 1, paging.per_page or 20
    total = await session.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
    chosen = _ordered(query, listing, listing.descending).offset((number - 1) * per_page).limit(per_page)
    page = NumberedPage(await _rows(session, chosen), total or 0, number, per_page)
    return Page(page.rows, numbered_links(listing.base, said, page), numbered_meta(page))


async def _by_cursor(
    session: AsyncSession,
    listing: Listing,
    query: Query,
    paging: Paging,
    cursors: Cursors,
    tenant: UUID,
    said: dict[str, Any],
) -> Page:
    place = cursors.read(paging.cursor, listing.name, tenant, said) if paging.cursor else None
    if place is not None and any(name not in said for name in place.query):
        # The query is made from what this request says, so it has to say it again, as the links do.
        raise InvalidCursor
    backwards = place is not None and place.direction == "prev"
    limit = paging.limit or 20
    chosen = _ordered(_from(query, listing, place), listing, listing.descending != backwards).limit(limit + 1)
    found = await _rows(session, chosen)
    rows, more = found[:limit], len(found) > limit
    if backwards:
        rows = rows[::-1]

    def cursor(row: Any, direction: Direction) -> str:
        return cursors.write(Place((listing.of(row),), direction, said), listing.name, tenant)

    page = cursor_page(rows, limit, place=place, more=more, cursor=cursor)
    return Page(rows, cursor_links(listing.base, said, page), cursor_meta(page))


def _from(query: Query, listing: Listing, place: Place | None) -> Query:
    if place is None:
        return query
    try:
        value = listing.read(place.values[0])
    except (ValueError, TypeError, IndexError) as error:
        raise InvalidCursor from error
    downwards = listing.descending != (place.direction == "prev")
    return query.where(listing.column < value if downwards else listing.column > value)


def _ordered(query: Query, listing: Listing, descending: bool) -> Query:
    return query.order_by(listing.column.desc() if descending else listing.column.asc())


async def _rows(session: AsyncSession, query: Query) -> list[Any]:
    rows = (await session.execute(query)).all()
    return [row[0] if len(row) == 1 else tuple(row) for row in rows]
