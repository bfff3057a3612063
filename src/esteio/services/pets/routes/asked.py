"""What a caller may ask of a list of pets."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from esteio.base.errors import Invalid
from esteio.base.schema import Day, Moment, Text
from esteio.http.pagination import Paging
from esteio.services.pets.queries import Row, SortBy, SortOrder
from esteio.services.pets.schemas import PET_FIELDS, Species, Status

_FILTERS = ("species", "status", "name", "born_before", "born_after", "updated_since")
_QUERY = (*_FILTERS, "sort_by", "sort_order")


class PetsAsked(Paging):
    """Filters, order and page of a list. Filters hold together (and)."""

    species: Species | None = None
    status: Status | None = None
    name: Annotated[Text, Field(min_length=1, max_length=100)] | None = Field(
        None, description="The name contains this, whatever its case"
    )
    born_before: Day | None = None
    born_after: Day | None = None
    updated_since: Moment | None = Field(None, description="RFC 3339, as 2026-11-21T10:30:00Z")
    sort_by: SortBy | None = Field(None, description="created_at unless said")
    sort_order: SortOrder | None = Field(None, description="asc unless said")
    fields: str | None = Field(None, max_length=200, description="Only these members, separated by commas")

    def filters(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _FILTERS}

    def said(self) -> dict[str, Any]:
        """Sort and filters as far as they were said, as the cursors carry them."""
        return self.model_dump(mode="json", include=set(_QUERY), exclude_none=True)

    def chosen(self) -> tuple[str, ...]:
        return chosen_fields(self.fields)


Asked = Annotated[PetsAsked, Query()]
Fields = Annotated[str | None, Query(max_length=200, description="Only these members, separated by commas")]


def chosen_fields(fields: str | None) -> tuple[str, ...]:
    """The members that `fields` names, in the resource's order; none named means all."""
    if fields is None:
        return ()
    named = {name.strip() for name in fields.split(",")}
    unknown = sorted(named.difference(PET_FIELDS))
    if unknown:
        raise Invalid.at("fields", f"A pet has {', '.join(PET_FIELDS)}.")
    return tuple(name for name in PET_FIELDS if name in named)


def sparse(row: Row, fields: tuple[str, ...]) -> Row:
    """The row, or the chosen members of it."""
    return {name: row[name] for name in fields} if fields else row
