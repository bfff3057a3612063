"""The tables of products and favourites."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Computed, ForeignKey, Index, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from esteio.base.ids import new_id
from esteio.db.tables import Table, TenantOwned, Versioned


class Product(Table):
    """What the shop outside sells, as it was last seen there; the same for every tenant.

    `seen_at` is when it was fetched; `vanished_at` when it was first missed. `trigrams` is what searches look at.
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
    vanished_at: Mapped[datetime | None]
    trigrams: Mapped[list[str]] = mapped_column(
        ARRAY(Text), Computed("store_trigrams(title || chr(10) || description)", persisted=True)
    )


class Favorite(TenantOwned, Versioned, Table):
    """A product that a user likes. `deleted_at` set means that it was taken back; liking it again revives it.

    It goes with its user. A product that is somebody's favourite cannot be removed.
    """

    __tablename__ = "store_favorites"
    __table_args__ = (
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        Index("uq_store_favorites_owner", "tenant_id", "user_id", "product_id", unique=True),
        Index("ix_store_favorites_product", "product_id"),
        Index("ix_store_favorites_created", "tenant_id", "created_at", "id"),
        Index("ix_store_favorites_trigrams", "trigrams", postgresql_using="gin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    product_id: Mapped[int] = mapped_column(ForeignKey("store_products.id", ondelete="RESTRICT"))
    review: Mapped[str | None] = mapped_column(String(2000))
    rating: Mapped[int | None]
    deleted_at: Mapped[datetime | None]
    trigrams: Mapped[list[str]] = mapped_column(
        ARRAY(Text), Computed("store_trigrams(coalesce(review, ''))", persisted=True)
    )
