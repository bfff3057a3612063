"""Files: a row for each object that is kept."""

import sqlalchemy as sa
from alembic import op

from esteio.db.tenancy import secure

revision = "esteio_0003"
down_revision = "esteio_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and its wall."""
    op.create_table(
        "files",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("key", sa.String(200), nullable=False, unique=True),
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_files_tenant_id_expires_at", "files", ["tenant_id", "expires_at"])
    for statement in secure("files"):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("files")
