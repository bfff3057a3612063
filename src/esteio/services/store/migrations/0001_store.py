"""Products and favourites."""

import sqlalchemy as sa
from alembic import op

from esteio.db.tenancy import secure

revision = "store_0001"
down_revision = None
branch_labels = ("store",)
depends_on = ("esteio_0001",)

# What pg_trgm would give, where there is no such extension: an array that an ordinary GIN index can look into.
TRIGRAMS = """
CREATE FUNCTION store_trigrams(written text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN ARRAY(SELECT DISTINCT substr(lower(written), place, 3) FROM generate_series(1, length(written) - 2) AS place)
"""


def upgrade() -> None:
    op.execute(TRIGRAMS)
    op.create_table(
        "store_products",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("price", sa.Numeric(12, 2), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("category", sa.String(100), nullable=False),
        sa.Column("image", sa.String(2000), nullable=False),
        sa.Column("rating_rate", sa.Numeric(4, 2)),
        sa.Column("rating_count", sa.Integer()),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True)),
        sa.Column("vanished_at", sa.DateTime(timezone=True)),
        sa.Column(
            "trigrams",
            sa.ARRAY(sa.Text()),
            sa.Computed("store_trigrams(title || chr(10) || description)", persisted=True),
            nullable=False,
        ),
    )
    op.create_index("ix_store_products_category", "store_products", ["category", "id"])
    op.create_index("ix_store_products_price", "store_products", ["price", "id"])
    op.create_index("ix_store_products_trigrams", "store_products", ["trigrams"], postgresql_using="gin")
    op.create_table(
        "store_favorites",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), sa.ForeignKey("tenants.id", ondelete="RESTRICT"), nullable=False),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("product_id", sa.Integer(), sa.ForeignKey("store_products.id", ondelete="RESTRICT"), nullable=False),
        sa.Column("review", sa.String(2000)),
        sa.Column("rating", sa.Integer()),
        # A column and not an expression: under row-level security an index is searched by bare columns only.
        sa.Column("stars", sa.Integer(), sa.Computed("coalesce(rating, 0)", persisted=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name="ck_store_favorites_rating"),
        # Who is no longer of the tenant has no favourites in it.
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["memberships.tenant_id", "memberships.user_id"],
            name="fk_store_favorites_tenant_id_user_id",
            ondelete="CASCADE",
        ),
    )
    alive = sa.text("deleted_at IS NULL")
    op.create_index("uq_store_favorites_owner", "store_favorites", ["tenant_id", "user_id", "product_id"], unique=True)
    op.create_index("ix_store_favorites_product", "store_favorites", ["product_id"])
    for name, column in (("created", "created_at"), ("updated", "updated_at"), ("stars", "stars")):
        columns = ["tenant_id", column, "id"]
        op.create_index(f"ix_store_favorites_{name}", "store_favorites", columns, postgresql_where=alive)
    for statement in secure("store_favorites"):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("store_favorites")
    op.drop_table("store_products")
    op.execute("DROP FUNCTION store_trigrams")
