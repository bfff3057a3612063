"""Webhooks: who is told of which facts, what was sent to them and how they answered, and what was received.

A delivery holds the exact bytes of its body, so that what is sent again is what was sent before.
"""

from alembic import op

from esteio.db.tenancy import secure

revision = "esteio_0004"
down_revision = "esteio_0003"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE webhook_endpoints (
    id uuid CONSTRAINT pk_webhook_endpoints PRIMARY KEY,
    tenant_id uuid NOT NULL CONSTRAINT fk_webhook_endpoints_tenant_id REFERENCES tenants (id),
    url varchar(2048) NOT NULL,
    description varchar(500) NOT NULL,
    events text[] NOT NULL,
    signing varchar(3) NOT NULL CONSTRAINT ck_webhook_endpoints_signing CHECK (signing IN ('v1', 'v1a')),
    enabled boolean NOT NULL,
    failing_since timestamptz,
    disabled_at timestamptz,
    disabled_reason varchar(10)
        CONSTRAINT ck_webhook_endpoints_disabled_reason CHECK (disabled_reason IN ('owner', 'failing', 'gone')),
    deleted_at timestamptz,
    created_by varchar(100) NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_webhook_endpoints_tenant_id ON webhook_endpoints (tenant_id, id) WHERE deleted_at IS NULL;
CREATE TABLE webhook_secrets (
    id uuid CONSTRAINT pk_webhook_secrets PRIMARY KEY,
    tenant_id uuid NOT NULL,
    endpoint_id uuid NOT NULL
        CONSTRAINT fk_webhook_secrets_endpoint_id REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz
);
CREATE INDEX ix_webhook_secrets_endpoint_id ON webhook_secrets (endpoint_id);
CREATE TABLE webhook_deliveries (
    id uuid CONSTRAINT pk_webhook_deliveries PRIMARY KEY,
    tenant_id uuid NOT NULL,
    endpoint_id uuid CONSTRAINT fk_webhook_deliveries_endpoint_id REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    url varchar(2048),
    sealed_secret bytea,
    event_id uuid NOT NULL,
    event varchar(100) NOT NULL,
    subject varchar(200) NOT NULL,
    body bytea NOT NULL,
    state varchar(10) NOT NULL
        CONSTRAINT ck_webhook_deliveries_state CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz,
    last_status smallint,
    last_error varchar(300),
    replayed_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT uq_webhook_deliveries_event UNIQUE (endpoint_id, event_id),
    CONSTRAINT ck_webhook_deliveries_target CHECK ((endpoint_id IS NULL) = (url IS NOT NULL))
);
CREATE INDEX ix_webhook_deliveries_tenant_id ON webhook_deliveries (tenant_id, id);
CREATE INDEX ix_webhook_deliveries_endpoint_id ON webhook_deliveries (endpoint_id, created_at, id);
CREATE INDEX ix_webhook_deliveries_ended ON webhook_deliveries (tenant_id, finished_at) WHERE state <> 'pending';
CREATE INDEX ix_webhook_deliveries_pending ON webhook_deliveries (tenant_id, next_at) WHERE state = 'pending';
CREATE TABLE webhook_attempts (
    delivery_id uuid NOT NULL
        CONSTRAINT fk_webhook_attempts_delivery_id REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    number integer NOT NULL,
    tenant_id uuid NOT NULL,
    at timestamptz NOT NULL,
    status smallint,
    milliseconds integer NOT NULL,
    error varchar(300),
    answer bytea NOT NULL,
    CONSTRAINT pk_webhook_attempts PRIMARY KEY (delivery_id, number)
);
CREATE TABLE webhook_receipts (
    id uuid CONSTRAINT pk_webhook_receipts PRIMARY KEY,
    tenant_id uuid NOT NULL,
    source varchar(64) NOT NULL,
    sender_id varchar(255) NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    job_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    CONSTRAINT uq_webhook_receipts_sender_id UNIQUE (tenant_id, source, sender_id)
);
CREATE INDEX ix_webhook_receipts_tenant_id ON webhook_receipts (tenant_id, id);
CREATE INDEX ix_webhook_receipts_received_at ON webhook_receipts (tenant_id, received_at);
"""

TENANT_OWNED = (
    "webhook_endpoints",
    "webhook_secrets",
    "webhook_deliveries",
    "webhook_attempts",
    "webhook_receipts",
)


def upgrade() -> None:
    """Make the tables and the walls between tenants; the role may read and write them by default privilege."""
    for statement in filter(str.strip, TABLES.split(";")):
        op.execute(statement)
    for table in TENANT_OWNED:
        for statement in secure(table):
            op.execute(statement)
