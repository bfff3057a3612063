"""Backups that were made or failed, for those who watch. What backups there are, the place of backups itself says."""

from alembic import op

revision = "esteio_0013"
down_revision = "esteio_0012"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE backups (
    id varchar(64) CONSTRAINT pk_backups PRIMARY KEY,
    made_by varchar(100) NOT NULL,
    state varchar(10) NOT NULL CONSTRAINT ck_backups_state CHECK (state IN ('running', 'made', 'failed')),
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    taken_at timestamptz,
    size bigint,
    files bigint,
    lost bigint,
    error varchar(500)
)
"""


def upgrade() -> None:
    """Of the whole deployment: no tenant's row."""
    op.execute(TABLE)


def downgrade() -> None:
    op.execute("DROP TABLE backups")
