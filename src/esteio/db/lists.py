"""Lists as callers page them, each shape of them compiled once and read in one round trip as the caller's tenant."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Select,
    String,
    Uuid,
    bindparam,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from esteio.base.errors import InvalidCursor
from esteio.base.page import Direction, NumberedPage, Place
from esteio.db.database import Database
from esteio.db.reading import Reading, reading

Row = dict[str, Any]
Query = Select[*tuple[Any, ...]]
MOST_SHAPES = 1024


@dataclass(frozen=True, slots=True)
class Order:
    """A column that a list can be in the order of; it is never empty.

    `of` finds what cursors keep of its value in a row as it is shown, as JSON; `read` makes the value of that again and
    raises `ValueError` or `TypeError` for anything else.
    """

    column: ColumnElement[Any]
    kind: TypeEngine[Any]
    of: Callable[[Row], Any]
    read: Callable[[Any], Any]


def by_moment(column: InstrumentedAttribute[datetime]) -> Order:
    """The order of a time that the rows show under the column's name."""
    return Order(
        column.expression, DateTime(timezone=True), lambda row: row[column.key].isoformat(), datetime.fromisoformat
    )


def by_text(column: InstrumentedAttribute[str]) -> Order:
    """The order of a text that the rows show under the column's name."""
    return Order(column.expression, String(), lambda row: row[column.key], str)


@dataclass(frozen=True, kw_only=True)
class Lists:
    """One kind of list. Rows of the same place in the order are in that of `identity`, a UUID that rows show as `id`.

    `rows` and `total` make the query and its count from the names of the filters that are set; `values` prepares what
    the filters are compared with, without those that say nothing. `shown` is made of each row that was found.
    """

    rows: Callable[[tuple[str, ...]], Query]
    total: Callable[[tuple[str, ...]], Select[int]]
    identity: InstrumentedAttribute[UUID]
    orders: Mapping[str, Order]
    values: Callable[[Mapping[str, Any]], dict[str, Any]]
    shown: Callable[[Row], Row] = dict
    _shapes: dict[tuple[Any, ...], Reading] = field(default_factory=dict, repr=False)

    async def numbered(
        self,
        database: Database,
        tenant: UUID,
        *,
        filters: Mapping[str, Any],
        sort_by: str,
        sort_order: str,
        page: int,
        per_page: int,
    ) -> NumberedPage[Row]:
        """One page by number, with the total. Its cost grows with the total and with the page's number."""
        values = self.values(filters)
        names = tuple(values)
        shape = self.numbering(names, sort_by, sort_order)
        place = {"rows": per_page, "skipped": (page - 1) * per_page}
        found = [dict(row) for row in await database.read(tenant, shape, *shape.arguments(values | place))]
        if found or page == 1:
            total = found[0]["total"] if found else 0
        else:
            count = self._kept(("total", names), lambda: self.total(names))
            total = (await database.read(tenant, count, *count.arguments(values)))[0]["total"]
        for row in found:
            del row["total"]
        return NumberedPage([self.shown(row) for row in found], total, page, per_page)

    async def skipping(
        self,
        database: Database,
        tenant: UUID,
        *,
        filters: Mapping[str, Any],
        sort_by: str,
        sort_order: str,
        skip: int,
        limit: int,
    ) -> Sequence[Row]:
        """Rows without the first, as v1 pages them."""
        values = self.values(filters)
        shape = self.leaving_out(tuple(values), sort_by, sort_order)
        found = await database.read(tenant, shape, *shape.arguments(values | {"skipped": skip, "rows": limit}))
        return [self.shown(dict(row)) for row in found]

    async def behind(
        self,
        database: Database,
        tenant: UUID,
        *,
        filters: Mapping[str, Any],
        sort_by: str,
        sort_order: str,
        place: Place | None,
        limit: int,
    ) -> tuple[list[Row], bool]:
        """At most `limit` rows from a place on, in order, and whether there are more that way; its cost does not grow.

        Raises `InvalidCursor` for a place that is not of this order.
        """
        values = self.values(filters)
        direction = place.direction if place else None
        shape = self.following(tuple(values), sort_by, sort_order, direction)
        if place is not None:
            values |= self._place_values(place, sort_by)
        found = await database.read(tenant, shape, *shape.arguments(values | {"rows": limit + 1}))
        rows = [self.shown(dict(row)) for row in found[:limit]]
        if direction == "prev":
            rows.reverse()
        return rows, len(found) > limit

    def place_of(self, row: Row, sort_by: str, direction: Direction, query: Mapping[str, Any]) -> Place:
        """The place of a row that was shown, for the cursor of the page behind or before it."""
        return Place((self.orders[sort_by].of(row), str(row["id"])), direction, query)

    def numbering(self, names: tuple[str, ...], sort_by: str, sort_order: str) -> Reading:
        """The query of `numbered`, each row with the total. It takes the filters' values, `rows` and `skipped`."""

        def make() -> Query:
            total = self.total(names).scalar_subquery().label("total")
            return self._bounded(self.rows(names).add_columns(total), sort_by, sort_order)

        return self._kept(("numbering", names, sort_by, sort_order), make)

    def leaving_out(self, names: tuple[str, ...], sort_by: str, sort_order: str) -> Reading:
        """The query of `skipping`. It takes the filters' values, `rows` and `skipped`."""
        key = ("leaving out", names, sort_by, sort_order)
        return self._kept(key, lambda: self._bounded(self.rows(names), sort_by, sort_order))

    def following(self, names: tuple[str, ...], sort_by: str, sort_order: str, direction: Direction | None) -> Reading:
        """The query of rows from a place on. It takes the filters' values, `rows`, `place_value` and `place_id`.

        Going back turns the order round, and who reads turns the rows.
        """

        def make() -> Query:
            ascending = (sort_order == "asc") != (direction == "prev")
            query = self._in_order(self.rows(names), sort_by, ascending=ascending)
            if direction is not None:
                order = self.orders[sort_by]
                here = tuple_(order.column, self.identity)
                there = tuple_(bindparam("place_value", type_=order.kind), bindparam("place_id", type_=Uuid()))
                query = query.where(here > there if ascending else here < there)
            return query.limit(bindparam("rows", type_=Integer()))

        return self._kept(("following", names, sort_by, sort_order, direction), make)

    def _kept(self, key: tuple[Any, ...], make: Callable[[], Query | Select[int]]) -> Reading:
        """What was compiled before. There are as many shapes as ways to ask, which callers choose: they are bounded."""
        shape = self._shapes.get(key)
        if shape is None:
            if len(self._shapes) >= MOST_SHAPES:
                self._shapes.clear()
            shape = self._shapes[key] = reading(make())
        return shape

    def _bounded(self, query: Query, sort_by: str, sort_order: str) -> Query:
        rows, skipped = bindparam("rows", type_=Integer()), bindparam("skipped", type_=Integer())
        return self._in_order(query, sort_by, ascending=sort_order == "asc").limit(rows).offset(skipped)

    def _in_order(self, query: Query, sort_by: str, *, ascending: bool) -> Query:
        columns: tuple[ColumnElement[Any], ...] = (self.orders[sort_by].column, self.identity.expression)
        return query.order_by(*(column.asc() if ascending else column.desc() for column in columns))

    def _place_values(self, place: Place, sort_by: str) -> dict[str, Any]:
        try:
            value, identity = place.values
            return {"place_value": self.orders[sort_by].read(value), "place_id": UUID(identity)}
        except (ValueError, TypeError) as error:
            raise InvalidCursor from error
