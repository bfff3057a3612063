"""Both paginations of a list: by number (`page`, `per_page`) and by cursor (`cursor`, `limit`)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlencode

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from esteio.base.errors import Invalid
from esteio.base.page import MAX_PER_PAGE, CursorPage, Direction, NumberedPage, Place
from esteio.http.answers import Link
from esteio.http.cursors import MAX_LENGTH

Row = TypeVar("Row")
SortOrder = Literal["asc", "desc"]
Order = Annotated[SortOrder, Query(description="Direction of the order")]

MAX_OFFSET = 10_000_000


class Numbered(BaseModel):
    """What a caller may say about a page by number."""

    model_config = ConfigDict(extra="forbid")

    page: int | None = Field(None, ge=1, le=MAX_OFFSET, description="Number of the page, from 1")
    per_page: int | None = Field(None, ge=1, le=MAX_PER_PAGE, description="Rows a page (20 unless said)")


class Paging(Numbered):
    """What a caller may say about the page it wants; `cursor` or `limit` chooses the cursor pagination."""

    cursor: str | None = Field(None, max_length=MAX_LENGTH, description="Opaque place from an earlier answer")
    limit: int | None = Field(None, ge=1, le=MAX_PER_PAGE, description="Rows after the cursor (20 unless said)")

    def by_cursor(self) -> bool:
        """Whether the caller pages by cursor. Raises `Invalid` when it mixes the two ways."""
        cursor = self.cursor is not None or self.limit is not None
        if cursor and (self.page is not None or self.per_page is not None):
            raise Invalid.at("cursor", "Page either by page and per_page or by cursor and limit, not by both.")
        if (self.page or 1) * (self.per_page or 20) > MAX_OFFSET:
            raise Invalid.at("page", f"Pages end at row {MAX_OFFSET}; go further by cursor, whose cost does not grow.")
        return cursor


def numbered_meta(page: NumberedPage[Any]) -> dict[str, Any]:
    """`meta.pagination` of a numbered page."""
    return {
        "pagination": {
            "total": page.total,
            "page": page.page,
            "per_page": page.per_page,
            "pages": page.pages,
            "has_next": page.page < page.pages,
            "has_prev": page.page > 1,
        }
    }


def numbered_links(base: str, query: Mapping[str, Any], page: NumberedPage[Any]) -> list[Link]:
    """self, first, prev, next and last, with everything else that the caller asked for kept."""
    last = max(page.pages, 1)
    numbers = {"self": page.page, "first": 1, "last": last}
    if page.page > 1:
        numbers["prev"] = min(page.page - 1, last)
    if page.page < page.pages:
        numbers["next"] = page.page + 1
    return [
        Link(_address(base, {**query, "page": number, "per_page": page.per_page}), rel)
        for rel, number in numbers.items()
    ]


def cursor_meta(page: CursorPage[Any]) -> dict[str, Any]:
    """`meta.pagination` of a cursor page; a total is not given, since counting would cost what cursors save."""
    return {
        "pagination": {
            "limit": page.limit,
            "next": page.next,
            "prev": page.prev,
            "has_next": page.next is not None,
            "has_prev": page.prev is not None,
        }
    }


def cursor_page(
    rows: Sequence[Row], limit: int, *, place: Place | None, more: bool, cursor: Callable[[Row, Direction], str]
) -> CursorPage[Row]:
    """Rows from a place on, and the cursors of their neighbours; `more` says whether the place's direction goes on."""
    if not rows:
        return CursorPage(rows, limit)
    backwards = place is not None and place.direction == "prev"
    return CursorPage(
        rows,
        limit,
        next=cursor(rows[-1], "next") if more or backwards else None,
        prev=cursor(rows[0], "prev") if (more if backwards else place is not None) else None,
    )


def cursor_links(base: str, query: Mapping[str, Any], page: CursorPage[Any]) -> list[Link]:
    """first, prev and next by cursor."""
    first = _address(base, {**query, "limit": page.limit})
    links = [Link(first, "first")]
    for rel, cursor in (("prev", page.prev), ("next", page.next)):
        if cursor is not None:
            # A cursor is made of characters that an address needs no code for.
            links.append(Link(f"{first}&cursor={cursor}", rel))
    return links


def _address(base: str, query: Mapping[str, Any]) -> str:
    said = {name: _written(value) for name, value in query.items() if value is not None}
    return f"{base}?{urlencode(said, doseq=True)}" if said else base


def _written(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
