"""What callers ask of favourites. What they wish to like is found before any transaction begins, and so before the
session among a route's parameters: the shop may have to be asked.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from esteio.auth.caller import Caller
from esteio.base.errors import NotFound
from esteio.base.schema import Text
from esteio.http.house import House, house_of
from esteio.http.pagination import Paging
from esteio.services.store.catalogue import Catalogue
from esteio.services.store.errors import no_such_product
from esteio.services.store.favorite_bodies import NewFavorite
from esteio.services.store.favorites import SortBy, SortOrder, one_favorite
from esteio.services.store.ownership import account_of, owner_for
from esteio.services.store.queries import seen_product
from esteio.services.store.use_cases import Wish

FavoriteId = Annotated[UUID, Path(description="The favourite's id")]
_FILTERS = ("text", "category", "rating_min")
_QUERY = frozenset((*_FILTERS, "user_id", "sort_by", "sort_order"))


class _Chosen(BaseModel):
    """Filters and order of a list. Filters hold together (and)."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[Text, Field(min_length=1, max_length=100)] | None = Field(
        None, description="Review, title or description contains this, whatever its case"
    )
    category: Annotated[Text, Field(min_length=1, max_length=100)] | None = Field(None, description="Of the product")
    rating_min: int | None = Field(None, ge=1, le=5, description="Rated so by its user, or better")
    user_id: UUID | None = Field(None, description="Only this user's; other users' are for favorites:admin")
    sort_by: SortBy | None = Field(None, description="created_at unless said; without a rating counts as 0")
    sort_order: SortOrder | None = Field(None, description="asc unless said")

    def filters(self, owner: UUID | None) -> dict[str, Any]:
        return {"owner": owner, **{name: getattr(self, name) for name in _FILTERS}}

    def said(self) -> dict[str, Any]:
        """Sort and filters as far as they were said, as the cursors carry them."""
        found: dict[str, Any] = self.model_dump(mode="json", include=set(_QUERY), exclude_none=True)
        return found


class SkippedAsked(_Chosen):
    """As v1 pages."""

    skip: int = Field(0, ge=0, le=1_000_000, description="Favourites to leave out at the beginning")
    limit: int = Field(100, ge=1, le=100, description="Favourites to answer at most")


class FavoritesAsked(Paging, _Chosen):
    """As v2 pages."""


Skipped = Annotated[SkippedAsked, Query()]
Asked = Annotated[FavoritesAsked, Query()]


@dataclass(frozen=True, slots=True)
class Replacement:
    """What is to be put in a favourite's place."""

    favorite_id: UUID
    owner: UUID | None
    wish: Wish


async def _new(request: Request, data: NewFavorite, caller: Caller) -> Wish:
    account_of(caller)
    return await _found(house_of(request), data)


async def _instead(request: Request, favorite_id: FavoriteId, data: NewFavorite, caller: Caller) -> Replacement:
    """Nobody outside is asked for the sake of a favourite that is not there, or that keeps its product."""
    house, owner = house_of(request), owner_for(caller)
    present = await one_favorite(house.database, caller.tenant, favorite_id, owner=owner)
    same = present["product_id"] == data.product_id
    return Replacement(favorite_id, owner, Wish(data) if same else await _found(house, data))


async def _found(house: House, data: NewFavorite) -> Wish:
    """With the product as the shop has it, unless it is stored. Raises `NotFound`, and `UpstreamUnavailable` where
    nobody can say whether there is such a product.
    """
    seen = await seen_product(house.database, data.product_id)
    if seen is not None and not seen.vanished:
        return Wish(data)
    catalogue: Catalogue = house.parts["store"]
    try:
        shown = await catalogue.product(data.product_id)
    except NotFound as error:
        raise no_such_product() from error
    return Wish(data, shown.value, datetime.fromtimestamp(shown.at, UTC))


NewWish = Annotated[Wish, Depends(_new)]
OtherWish = Annotated[Replacement, Depends(_instead)]
