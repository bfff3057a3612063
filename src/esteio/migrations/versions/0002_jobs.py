"""Jobs: what was asked and what came of it, the tickets of those that live, and the queue of facts to be told.

`jobs` and `outbox` hold what belongs to a tenant and lie behind its wall. `job_tickets` and `outbox_queue` are read by
processes that work for all tenants: they say which tenant a job or fact belongs to and where it stands, nothing else.
"""

from alembic import op

from esteio.db.tenancy import secure
from esteio.migrations.roles import grant, runtime_role

revision = "esteio_0002"
down_revision = "esteio_0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE jobs (
    id uuid CONSTRAINT pk_jobs PRIMARY KEY,
    tenant_id uuid NOT NULL,
    name varchar(100) NOT NULL,
    queue varchar(32) NOT NULL,
    lane uuid NOT NULL,
    lane_limit smallint,
    visible boolean NOT NULL,
    payload jsonb NOT NULL,
    unique_key varchar(200),
    principal varchar(100) NOT NULL,
    request_id varchar(128),
    trace_id varchar(32),
    created_at timestamptz NOT NULL DEFAULT now(),
    outcome varchar(10) CONSTRAINT ck_jobs_outcome CHECK (outcome IN ('succeeded', 'failed', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0,
    started_at timestamptz,
    finished_at timestamptz,
    done bigint,
    total bigint,
    message varchar(200),
    result jsonb,
    error jsonb,
    CONSTRAINT ck_jobs_finished CHECK ((outcome IS NULL) = (finished_at IS NULL))
);
CREATE INDEX ix_jobs_tenant_id_created_at ON jobs (tenant_id, created_at, id) WHERE visible;
CREATE INDEX ix_jobs_dead_letters ON jobs (tenant_id, finished_at, id) WHERE outcome = 'failed';
CREATE INDEX ix_jobs_finished_at ON jobs (tenant_id, finished_at) WHERE outcome IS NOT NULL;
CREATE UNIQUE INDEX uq_jobs_unique_key ON jobs (tenant_id, name, unique_key)
    WHERE unique_key IS NOT NULL AND outcome IS NULL;
CREATE TABLE job_tickets (
    job_id uuid CONSTRAINT pk_job_tickets PRIMARY KEY,
    tenant_id uuid NOT NULL,
    name varchar(100) NOT NULL,
    queue varchar(32) NOT NULL,
    lane uuid NOT NULL,
    lane_limit smallint,
    state varchar(10) NOT NULL DEFAULT 'queued'
        CONSTRAINT ck_job_tickets_state CHECK (state IN ('queued', 'retrying', 'running')),
    due_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    crashes integer NOT NULL DEFAULT 0,
    fence bigint NOT NULL DEFAULT 0,
    worker varchar(100),
    lease_until timestamptz,
    started_at timestamptz,
    cancel_requested boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX ix_job_tickets_waiting ON job_tickets (queue, lane, due_at, job_id) WHERE published_at IS NULL;
CREATE INDEX ix_job_tickets_carried ON job_tickets (queue, lane, published_at) WHERE published_at IS NOT NULL;
CREATE INDEX ix_job_tickets_lease_until ON job_tickets (lease_until) WHERE state = 'running';
CREATE TABLE job_workers (
    id varchar(100) CONSTRAINT pk_job_workers PRIMARY KEY,
    queues text[] NOT NULL,
    slots integer NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE job_schedules (
    name varchar(100) CONSTRAINT pk_job_schedules PRIMARY KEY,
    last_due timestamptz NOT NULL
);
CREATE TABLE outbox_queue (
    consumer varchar(16) NOT NULL,
    position bigint NOT NULL,
    tenant_id uuid NOT NULL,
    CONSTRAINT pk_outbox_queue PRIMARY KEY (consumer, position)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX ix_outbox_tenant_id_occurred_at ON outbox (tenant_id, occurred_at);
"""

# One notice a statement: PostgreSQL itself tells equal notices of a transaction only once, when it commits.
NOTICES = (
    """
    CREATE FUNCTION tickets_are_waiting() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('esteio_jobs', '');
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER waiting AFTER INSERT ON job_tickets FOR EACH STATEMENT EXECUTE FUNCTION tickets_are_waiting()",
    # Each consumer takes what it has told off its own part of the queue, so that none waits for another.
    """
    CREATE FUNCTION facts_are_waiting() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO outbox_queue (consumer, position, tenant_id)
        SELECT consumer, position, tenant_id FROM told, unnest('{fanout,realtime}'::text[]) AS consumer;
        PERFORM pg_notify('esteio_outbox', '');
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER waiting AFTER INSERT ON outbox REFERENCING NEW TABLE AS told "
    "FOR EACH STATEMENT EXECUTE FUNCTION facts_are_waiting()",
)


def upgrade() -> None:
    """Make the tables, the wall around jobs, and the notices that wake the relays."""
    for statement in filter(str.strip, TABLES.split(";")):
        op.execute(statement)
    for statement in (*secure("jobs"), *NOTICES):
        op.execute(statement)
    for statement in grant(runtime_role(), "SELECT, INSERT, DELETE", "outbox"):
        op.execute(statement)
