"""A page of a list, by number or by cursor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

Row = TypeVar("Row")

Direction = Literal["next", "prev"]

MAX_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class NumberedPage(Generic[Row]):
    """Rows `(page - 1) * per_page` onward, with the total. 1 ≤ per_page ≤ 100."""

    rows: Sequence[Row]
    total: int
    page: int
    per_page: int

    @property
    def pages(self) -> int:
        return -(-self.total // self.per_page)


@dataclass(frozen=True, slots=True)
class CursorPage(Generic[Row]):
    """Rows after a cursor; `next` and `prev` are the opaque cursors of its neighbours, `None` at an end."""

    rows: Sequence[Row]
    limit: int
    next: str | None = None
    prev: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cursor page begins: after (`next`) or before (`prev`) the row with these values of the order's columns.

    `query` is what was asked when the cursor was written (sort and filters), as JSON values.
    """

    values: tuple[Any, ...]
    direction: Direction = "next"
    query: Mapping[str, Any] = field(default_factory=dict)
