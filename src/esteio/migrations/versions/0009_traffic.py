"""Requests by minute, tenant and route, and what the processes use.

A tenant sees and writes its own rows alone; the platform's tenant sees those of all, and writes nobody else's.
"""

from alembic import op

from esteio.db.tenancy import CURRENT_TENANT, secure

revision = "esteio_0009"
down_revision = "esteio_0008"
branch_labels = None
depends_on = None

DEFAULT_TENANT = "00000000-0000-7000-8000-000000000001"
BY_PLATFORM = f"{CURRENT_TENANT} = '{DEFAULT_TENANT}'::uuid"

# The open minute is written again every few seconds: where there is room on the page, no index learns of it.
COUNTED = """
CREATE TABLE {table} (
    tenant_id uuid NOT NULL,
    at timestamptz NOT NULL,
    method varchar(16) NOT NULL,
    route varchar(300) NOT NULL,{writer}
    unanswered bigint NOT NULL,
    informational bigint NOT NULL,
    successful bigint NOT NULL,
    redirected bigint NOT NULL,
    refused bigint NOT NULL,
    failed bigint NOT NULL,
    sent bigint NOT NULL,
    cells smallint[] NOT NULL,
    counts bigint[] NOT NULL,
    CONSTRAINT pk_{table} PRIMARY KEY (tenant_id, at, method, route{key})
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)
"""

PROCESSES = """
CREATE TABLE traffic_processes (
    writer uuid NOT NULL,
    at timestamptz NOT NULL,
    kind varchar(16) NOT NULL,
    name varchar(100) NOT NULL,
    cpu_seconds double precision NOT NULL,
    memory_bytes bigint NOT NULL,
    open_files integer,
    loop_lag double precision NOT NULL,
    connections integer NOT NULL,
    most_connections integer NOT NULL,
    lost bigint NOT NULL,
    CONSTRAINT pk_traffic_processes PRIMARY KEY (writer, at)
)
"""


def upgrade() -> None:
    """Make the tables, the wall between tenants, and the platform's window in it."""
    op.execute(COUNTED.format(table="traffic_minutes", writer="\n    writer uuid NOT NULL,", key=", writer"))
    for table in ("traffic_hours", "traffic_days"):
        op.execute(COUNTED.format(table=table, writer="", key=""))
    for table in ("traffic_minutes", "traffic_hours", "traffic_days"):
        for statement in secure(table):
            op.execute(statement)
        op.execute(f"CREATE POLICY visibility ON {table} FOR SELECT USING ({BY_PLATFORM})")
    op.execute("CREATE INDEX ix_traffic_minutes_at ON traffic_minutes (at)")
    op.execute(PROCESSES)
    op.execute("CREATE INDEX ix_traffic_processes_at ON traffic_processes (at)")
