"""Pets and feedings."""

import sqlalchemy as sa
from alembic import op

from esteio.db.tenancy import secure

revision = "pets_0001"
down_revision = None
branch_labels = ("pets",)
depends_on = ("esteio_0001",)


def upgrade() -> None:
    op.create_table(
        "pets",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), sa.ForeignKey("tenants.id", ondelete="RESTRICT"), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("species", sa.String(20), nullable=False),
        sa.Column("breed", sa.String(100)),
        sa.Column("sex", sa.String(10)),
        sa.Column("birth_date", sa.Date()),
        sa.Column("weight_kg", sa.Numeric(7, 3)),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("notes", sa.String(2000)),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("uq_pets_tenant_id", "pets", ["tenant_id", "id"], unique=True)
    alive = sa.text("deleted_at IS NULL")
    op.create_index("ix_pets_created", "pets", ["tenant_id", "created_at", "id"], postgresql_where=alive)
    op.create_index("ix_pets_updated", "pets", ["tenant_id", "updated_at", "id"], postgresql_where=alive)
    op.create_index("ix_pets_name", "pets", ["tenant_id", "name", "id"], postgresql_where=alive)
    op.create_table(
        "feedings",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("pet_id", sa.Uuid(), nullable=False),
        sa.Column("food", sa.String(100), nullable=False),
        sa.Column("grams", sa.Integer(), nullable=False),
        sa.Column("fed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(100), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id", "pet_id"], ["pets.tenant_id", "pets.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_feedings_pet", "feedings", ["tenant_id", "pet_id", "fed_at", "id"])
    for table in ("pets", "feedings"):
        for statement in secure(table):
            op.execute(statement)


def downgrade() -> None:
    op.drop_table("feedings")
    op.drop_table("pets")
