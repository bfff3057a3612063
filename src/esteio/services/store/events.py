"""The facts that the store tells. What is told of a favourite is told about its user."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from esteio.events.events import EventType
from esteio.services.store.favorite_bodies import FavoriteView


class FavoriteFact(BaseModel):
    favorite: FavoriteView


class FavoriteRemovedFact(BaseModel):
    id: UUID
    user_id: UUID
    product_id: int
    deleted_at: datetime


FAVORITE_ADDED = EventType("favorite.added", FavoriteFact, "A user likes a product, for the first time or again.")
FAVORITE_CHANGED = EventType("favorite.changed", FavoriteFact, "Review, rating or product of a favourite changed.")
FAVORITE_REMOVED = EventType("favorite.removed", FavoriteRemovedFact, "A user no longer likes a product.")

ALL = (FAVORITE_ADDED, FAVORITE_CHANGED, FAVORITE_REMOVED)
