"""Refusals of limits beside what was counted, requests by key and client, and what the house had before it.

A tenant sees and writes its own callers alone, the platform's tenant sees those of all. What the house had before it is
of the whole deployment: no tenant's row.
"""

from alembic import op

from esteio.db.tenancy import CURRENT_TENANT, secure

revision = "esteio_0014"
down_revision = "esteio_0013"
branch_labels = None
depends_on = None

DEFAULT_TENANT = "00000000-0000-7000-8000-000000000001"
BY_PLATFORM = f"{CURRENT_TENANT} = '{DEFAULT_TENANT}'::uuid"
COUNTED = ("traffic_minutes", "traffic_hours", "traffic_days")

# A constant default is kept beside the table: no row is written anew, and the release before fills none.
LIMITED = "ALTER TABLE {table} ADD COLUMN limited bigint NOT NULL DEFAULT 0"
LOST = "ALTER TABLE traffic_processes ADD COLUMN callers_lost bigint NOT NULL DEFAULT 0"

CALLERS = """
CREATE TABLE {table} (
    tenant_id uuid NOT NULL,
    caller varchar(48) NOT NULL,
    at timestamptz NOT NULL,{writer}
    unanswered bigint NOT NULL,
    informational bigint NOT NULL,
    successful bigint NOT NULL,
    redirected bigint NOT NULL,
    refused bigint NOT NULL,
    failed bigint NOT NULL,
    limited bigint NOT NULL,
    sent bigint NOT NULL,
    CONSTRAINT pk_{table} PRIMARY KEY (tenant_id, caller, at{key})
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)
"""

BACKLOG = """
CREATE TABLE traffic_backlog (
    at timestamptz CONSTRAINT pk_traffic_backlog PRIMARY KEY,
    outbox_lag double precision,
    outbox_waiting bigint,
    jobs_waiting bigint,
    jobs_running bigint,
    jobs_dead bigint,
    oldest_job double precision,
    deliveries_waiting bigint
)
"""


def upgrade() -> None:
    """Make the tables and the walls, and a column with a constant default where rows are."""
    for table in COUNTED:
        op.execute(LIMITED.format(table=table))
    op.execute(LOST)
    op.execute(CALLERS.format(table="caller_minutes", writer="\n    writer uuid NOT NULL,", key=", writer"))
    for table in ("caller_hours", "caller_days"):
        op.execute(CALLERS.format(table=table, writer="", key=""))
    for table in ("caller_minutes", "caller_hours", "caller_days"):
        for statement in secure(table):
            op.execute(statement)
        op.execute(f"CREATE POLICY visibility ON {table} FOR SELECT USING ({BY_PLATFORM})")
        op.execute(f"CREATE INDEX ix_{table}_at ON {table} (at)")
    op.execute(BACKLOG)


def downgrade() -> None:
    for table in ("caller_minutes", "caller_hours", "caller_days", "traffic_backlog"):
        op.execute(f"DROP TABLE {table}")
    for table in COUNTED:
        op.execute(f"ALTER TABLE {table} DROP COLUMN limited")
    op.execute("ALTER TABLE traffic_processes DROP COLUMN callers_lost")
