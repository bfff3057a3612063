"""What a caller may ask of a list of outages."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field

from esteio.base.errors import Invalid
from esteio.base.schema import Moment
from esteio.http.pagination import Paging
from esteio.services.outages.queries import SortBy, SortOrder
from esteio.services.outages.schemas import LARGEST_CODE

Code = Annotated[int, Field(ge=1, le=LARGEST_CODE)]
_PLAIN = ("planned", "conjunto", "municipio", "source", "started_after", "started_before", "updated_since")
_QUERY = ("active", "active_at", *_PLAIN, "sort_by", "sort_order")


class OutagesAsked(Paging):
    """Filters, order and page of a list. Filters hold together (and)."""

    active: bool | None = Field(None, description="Whether the outage is going on now")
    active_at: Moment | None = Field(None, description="The outage was going on then")
    planned: bool | None = None
    conjunto: Code | None = Field(None, description="One of its areas is of this conjunto")
    municipio: Code | None = Field(None, description="One of its areas is in this município")
    source: Literal["api", "oms", "csv"] | None = None
    started_after: Moment | None = None
    started_before: Moment | None = None
    updated_since: Moment | None = Field(None, description="RFC 3339, as 2026-11-21T10:30:00Z")
    sort_by: SortBy | None = Field(None, description="started_at unless said")
    sort_order: SortOrder | None = Field(None, description="desc unless said")

    def filters(self, now: datetime) -> dict[str, Any]:
        """By the names that the queries give them. Raises `Invalid` where `active` and `active_at` meet."""
        if self.active is not None and self.active_at is not None:
            raise Invalid.at("active_at", "Ask either for active or for active_at, not for both.")
        named = {name: getattr(self, name) for name in _PLAIN}
        if self.active is False:
            return named | {"inactive_at": now}
        return named | {"active_at": now if self.active else self.active_at}

    def said(self) -> dict[str, Any]:
        """Sort and filters as far as they were said, as the cursors carry them."""
        return self.model_dump(mode="json", include=set(_QUERY), exclude_none=True)


Asked = Annotated[OutagesAsked, Query()]
