"""The tables of products and favourites."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from esteio.base.ids import new_id
from esteio.db.tables import Table, TenantOwned, Versioned

ALIVE = text("deleted_at IS NULL")


class Product(Table):
    """What the shop outside sells, as it was last seen there; the same for every tenant.

    `seen_at` is when it was fetched, `listed_at` when it last was in a whole list that was fetched, `vanished_at` when
    it was first missed after that. `trigrams` is what searches look at.
    """

    __tablename__ = "store_products"
    __table_args__ = (
        Index("ix_store_products_category", "category", "id"),
        Index("ix_store_products_price", "price", "id"),
        Index("ix_store_products_trigrams", "trigrams", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(500))
    price: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    description: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(String(100))
    image: Mapped[str] = mapped_column(String(2000))
    rating_rate: Mapped[Decimal | None] = mapped_column(Numeric(4, 2))
    rating_count: Mapped[int | None]
    seen_at: Mapped[datetime]
    listed_at: Mapped[datetime | None]
    vanished_at: Mapped[datetime | None]
    trigrams: Mapped[list[str]] = mapped_column(
        ARRAY(Text), Computed("store_trigrams(title || chr(10) || description)", persisted=True)
    )


class Favorite(TenantOwned, Versioned, Table):
    """A product that a user likes. `deleted_at` set means that it was taken back; liking it again revives it.

    It goes with its user's account, and when its user leaves the tenant. A product that is somebody's favourite cannot
    be removed. `stars` is the rating that it is sorted by, 0 without one. There is no index of trigrams here: under
    row-level security PostgreSQL would use none, since it must not look at other tenants' texts.
    """

    __tablename__ = "store_favorites"
    __table_args__ = (
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        Index("uq_store_favorites_owner", "tenant_id", "user_id", "product_id", unique=True),
        Index("ix_store_favorites_product", "product_id"),
        Index("ix_store_favorites_created", "tenant_id", "created_at", "id", postgresql_where=ALIVE),
        Index("ix_store_favorites_updated", "tenant_id", "updated_at", "id", postgresql_where=ALIVE),
        Index("ix_store_favorites_stars", "tenant_id", "stars", "id", postgresql_where=ALIVE),
        ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["memberships.tenant_id", "memberships.user_id"], ondelete="CASCADE"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    product_id: Mapped[int] = mapped_column(ForeignKey("store_products.id", ondelete="RESTRICT"))
    review: Mapped[str | None] = mapped_column(String(2000))
    rating: Mapped[int | None]
    stars: Mapped[int] = mapped_column(Computed("coalesce(rating, 0)", persisted=True))
    deleted_at: Mapped[datetime | None]
