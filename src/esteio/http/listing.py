"""The page of a list that a caller asks for, by either pagination, with everything that its answer says about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar
from uuid import UUID

from esteio.base.page import Direction
from esteio.db.lists import Lists, Row
from esteio.http.answers import Link
from esteio.http.house import House
from esteio.http.pagination import cursor_links, cursor_meta, cursor_page, numbered_links, numbered_meta

PER_PAGE = 20


class Asked(Protocol):
    """What a caller may ask of a list: a model of its own on top of `Paging`."""

    @property
    def cursor(self) -> str | None: ...
    @property
    def limit(self) -> int | None: ...
    @property
    def page(self) -> int | None: ...
    @property
    def per_page(self) -> int | None: ...
    @property
    def sort_by(self) -> str | None: ...
    @property
    def sort_order(self) -> str | None: ...

    def by_cursor(self) -> bool: ...

    def said(self) -> dict[str, Any]:
        """Order and filters as far as they were said, as cursors carry them."""
        ...

    @classmethod
    def model_validate(cls, obj: Any, /) -> Self: ...


A = TypeVar("A", bound=Asked)


@dataclass(frozen=True, slots=True)
class Listed:
    """`variant` is what an ETag of the page covers beside its rows."""

    rows: Sequence[Row]
    links: list[Link]
    meta: dict[str, Any]
    variant: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list at the path `base`, whose cursors are good for `name` only, in this order unless another is asked for."""

    name: str
    base: str
    lists: Lists
    sort_by: str = "created_at"
    sort_order: str = "asc"

    async def page(
        self,
        house: House,
        tenant: UUID,
        asked: A,
        filters: Callable[[A], Mapping[str, Any]],
        *,
        again: Mapping[str, Any] | None = None,
    ) -> Listed:
        """The page. `again` is what links repeat beside order and filters, such as the members that are shown.

        Raises `InvalidCursor`, and `Invalid` where both paginations are mixed.
        """
        if asked.by_cursor():
            return await self._by_cursor(house, tenant, asked, filters, again or {})
        page = await self.lists.numbered(
            house.database,
            tenant,
            filters=filters(asked),
            sort_by=asked.sort_by or self.sort_by,
            sort_order=asked.sort_order or self.sort_order,
            page=asked.page or 1,
            per_page=asked.per_page or PER_PAGE,
        )
        links = numbered_links(self.base, {**asked.said(), **(again or {})}, page)
        return Listed(page.rows, links, numbered_meta(page), (page.total, page.page, page.per_page))

    async def _by_cursor(
        self,
        house: House,
        tenant: UUID,
        asked: A,
        filters: Callable[[A], Mapping[str, Any]],
        again: Mapping[str, Any],
    ) -> Listed:
        place = house.cursors.read(asked.cursor, self.name, tenant, asked.said()) if asked.cursor else None
        wanted = type(asked).model_validate(place.query) if place else asked
        limit, sort_by, said = asked.limit or PER_PAGE, wanted.sort_by or self.sort_by, wanted.said()
        rows, more = await self.lists.behind(
            house.database,
            tenant,
            filters=filters(wanted),
            sort_by=sort_by,
            sort_order=wanted.sort_order or self.sort_order,
            place=place,
            limit=limit,
        )

        def cursor(row: Row, direction: Direction) -> str:
            return house.cursors.write(self.lists.place_of(row, sort_by, direction, said), self.name, tenant)

        page = cursor_page(rows, limit, place=place, more=more, cursor=cursor)
        links = cursor_links(self.base, again if asked.cursor else {**said, **again}, page)
        return Listed(rows, links, cursor_meta(page), (page.next, page.prev, limit))
