"""How far each import of pets is."""

import sqlalchemy as sa
from alembic import op

from esteio.db.tenancy import secure

revision = "pets_0002"
down_revision = "pets_0001"
branch_labels = None
depends_on = ("esteio_0002",)


def upgrade() -> None:
    op.create_table(
        "pet_imports",
        sa.Column("id", sa.Uuid(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
    )
    for statement in secure("pet_imports"):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("pet_imports")
