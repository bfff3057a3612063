"""What several routes of capsules ask of a request."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import Field

from esteio.base.schema import Moment, Text
from esteio.http.etags import version_condition
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.pagination import Paging
from esteio.services.capsules.packs.technology import named
from esteio.services.capsules.queries import SortBy, SortOrder
from esteio.services.capsules.settings import CapsulesSettings
from esteio.services.capsules.states import Priority, Status

BASE = "/api/v2/capsules"
_FILTERS = ("status", "priority", "technology", "owner", "created_since", "q")
_QUERY = (*_FILTERS, "sort_by", "sort_order")


class CapsulesAsked(Paging):
    """Filters, order and page of a list. Filters hold together (and)."""

    status: Status | None = None
    priority: Priority | None = None
    technology: Annotated[Text, Field(min_length=1, max_length=50)] | None = Field(
        None, description="Has this technology, written as in a stack"
    )
    owner: Annotated[Text, Field(min_length=1, max_length=100)] | None = None
    created_since: Moment | None = Field(None, description="RFC 3339, as 2026-11-21T10:30:00Z")
    q: Annotated[Text, Field(min_length=1, max_length=200)] | None = Field(
        None, description="Words of name and description; quotes hold words together, - leaves one out"
    )
    sort_by: SortBy | None = Field(None, description="created_at unless said")
    sort_order: SortOrder | None = Field(None, description="desc unless said")

    def filters(self) -> dict[str, Any]:
        found = {name: getattr(self, name) for name in _FILTERS}
        if self.technology is not None and (known := named(self.technology)) is not None:
            found["technology"] = known[0].name
        return found

    def said(self) -> dict[str, Any]:
        """Sort and filters as far as they were said, as the cursors carry them."""
        return self.model_dump(mode="json", include=set(_QUERY), exclude_none=True)


Asked = Annotated[CapsulesAsked, Query()]
CapsuleId = Annotated[UUID, Path(description="The capsule's id")]
Number = Annotated[int, Path(ge=1, le=2_147_483_647, description="The version's number")]


def expected(request: Request) -> int | None:
    """The row version that If-Match names."""
    return version_condition(exchange_of(request.scope).headers.get(b"if-match"))


def section_of(request: Request) -> CapsulesSettings:
    section: CapsulesSettings = house_of(request).settings["capsules"]
    return section
