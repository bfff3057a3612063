"""OAuth 2 clients of tenants, their secrets, and access tokens that were revoked."""

from alembic import op

from esteio.db.tenancy import secure
from esteio.migrations.roles import grant, runtime_role

revision = "esteio_0007"
down_revision = "esteio_0006"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE oauth_clients (
    id uuid CONSTRAINT pk_oauth_clients PRIMARY KEY,
    tenant_id uuid NOT NULL CONSTRAINT fk_oauth_clients_tenant_id REFERENCES tenants (id),
    client_id varchar(48) NOT NULL CONSTRAINT uq_oauth_clients_client_id UNIQUE,
    name varchar(200) NOT NULL,
    scopes text[] NOT NULL,
    plan varchar(64) CONSTRAINT fk_oauth_clients_plan REFERENCES plans (name),
    allowed_networks text[] NOT NULL DEFAULT '{}',
    enabled boolean NOT NULL DEFAULT true,
    last_used_at timestamptz,
    created_by varchar(100) NOT NULL,
    revoked_at timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_oauth_clients_tenant_id ON oauth_clients (tenant_id);
CREATE TABLE oauth_client_secrets (
    id uuid CONSTRAINT pk_oauth_client_secrets PRIMARY KEY,
    tenant_id uuid NOT NULL,
    owner uuid NOT NULL CONSTRAINT fk_oauth_client_secrets_owner REFERENCES oauth_clients (id) ON DELETE CASCADE,
    last_four varchar(4) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz
);
CREATE INDEX ix_oauth_client_secrets_owner ON oauth_client_secrets (owner);
CREATE TABLE oauth_secret_digests (
    digest bytea CONSTRAINT pk_oauth_secret_digests PRIMARY KEY,
    secret_id uuid NOT NULL CONSTRAINT uq_oauth_secret_digests_secret_id UNIQUE
        CONSTRAINT fk_oauth_secret_digests_secret_id REFERENCES oauth_client_secrets (id) ON DELETE CASCADE,
    tenant_id uuid NOT NULL
);
CREATE TABLE revoked_tokens (
    tenant_id uuid NOT NULL,
    jti uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT pk_revoked_tokens PRIMARY KEY (tenant_id, jti)
);
CREATE INDEX ix_revoked_tokens_expires_at ON revoked_tokens (expires_at);
"""

TENANT_OWNED = ("oauth_clients", "oauth_client_secrets", "revoked_tokens")

GRANTS = {
    "SELECT, INSERT, UPDATE": ("oauth_clients",),
    "SELECT, INSERT, UPDATE, DELETE": ("oauth_client_secrets", "revoked_tokens"),
    "SELECT, INSERT, DELETE": ("oauth_secret_digests",),
}


def upgrade() -> None:
    """Make the tables and the walls between tenants; a client is never deleted, since the audit log speaks of it."""
    for statement in filter(str.strip, TABLES.split(";")):
        op.execute(statement)
    for table in TENANT_OWNED:
        for statement in secure(table):
            op.execute(statement)
    for rights, tables in GRANTS.items():
        for statement in grant(runtime_role(), rights, *tables):
            op.execute(statement)
