"""The platform: tenants, accounts, keys, sessions, audit log, outbox, idempotency, and the role that the API runs as.

Forward only: a database goes back by restoring a backup, never by dropping what was written.
"""

from alembic import op

from esteio.db.tenancy import secure
from esteio.migrations.roles import default_privileges, grant, make_role, runtime_role

revision = "esteio_0001"
down_revision = None
branch_labels = ("esteio",)
depends_on = None

DEFAULT_TENANT = "00000000-0000-7000-8000-000000000001"
CURRENT_TENANT = "nullif(current_setting('esteio.tenant', true), '')::uuid"
CURRENT_USER = "nullif(current_setting('esteio.user', true), '')::uuid"

TABLES = """
CREATE TABLE plans (
    name varchar(64) CONSTRAINT pk_plans PRIMARY KEY,
    limit_text varchar(32) NOT NULL,
    description varchar(500) NOT NULL DEFAULT ''
);
CREATE TABLE limit_overrides (
    name varchar(64) CONSTRAINT pk_limit_overrides PRIMARY KEY,
    quota integer,
    "window" double precision,
    enabled boolean NOT NULL DEFAULT true,
    updated_by varchar(100) NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE tenants (
    id uuid CONSTRAINT pk_tenants PRIMARY KEY,
    slug varchar(63) NOT NULL CONSTRAINT uq_tenants_slug UNIQUE,
    name varchar(200) NOT NULL,
    plan varchar(64) CONSTRAINT fk_tenants_plan REFERENCES plans (name),
    disabled_at timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE users (
    id uuid CONSTRAINT pk_users PRIMARY KEY,
    email varchar(254) NOT NULL CONSTRAINT uq_users_email UNIQUE,
    password_hash text,
    home_tenant uuid NOT NULL CONSTRAINT fk_users_home_tenant REFERENCES tenants (id),
    epoch integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz
);
CREATE TABLE identities (
    digest bytea CONSTRAINT pk_identities PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_identities_user_id REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_identities_user_id ON identities (user_id);
CREATE TABLE memberships (
    tenant_id uuid NOT NULL CONSTRAINT fk_memberships_tenant_id REFERENCES tenants (id),
    user_id uuid NOT NULL CONSTRAINT fk_memberships_user_id REFERENCES users (id) ON DELETE CASCADE,
    name varchar(200) NOT NULL,
    roles text[] NOT NULL,
    disabled_at timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_memberships PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX ix_memberships_user_id ON memberships (user_id);
CREATE TABLE roles (
    tenant_id uuid NOT NULL CONSTRAINT fk_roles_tenant_id REFERENCES tenants (id),
    name varchar(64) NOT NULL,
    description varchar(500) NOT NULL DEFAULT '',
    permissions text[] NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_roles PRIMARY KEY (tenant_id, name)
);
CREATE TABLE api_keys (
    id uuid CONSTRAINT pk_api_keys PRIMARY KEY,
    tenant_id uuid NOT NULL CONSTRAINT fk_api_keys_tenant_id REFERENCES tenants (id),
    public_id varchar(16) NOT NULL CONSTRAINT uq_api_keys_public_id UNIQUE,
    name varchar(200) NOT NULL,
    test boolean NOT NULL DEFAULT false,
    last_four varchar(4) NOT NULL,
    scopes text[] NOT NULL,
    plan varchar(64) CONSTRAINT fk_api_keys_plan REFERENCES plans (name),
    allowed_networks text[] NOT NULL DEFAULT '{}',
    enabled boolean NOT NULL DEFAULT true,
    expires_at timestamptz,
    rotated_from uuid,
    last_used_at timestamptz,
    created_by varchar(100) NOT NULL,
    revoked_at timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_api_keys_tenant_id ON api_keys (tenant_id);
CREATE TABLE api_key_digests (
    digest bytea CONSTRAINT pk_api_key_digests PRIMARY KEY,
    key_id uuid NOT NULL CONSTRAINT uq_api_key_digests_key_id UNIQUE
        CONSTRAINT fk_api_key_digests_key_id REFERENCES api_keys (id) ON DELETE CASCADE,
    tenant_id uuid NOT NULL
);
CREATE TABLE signing_keys (
    kid varchar(64) CONSTRAINT pk_signing_keys PRIMARY KEY,
    public_pem text NOT NULL,
    sealed_private bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    active_from timestamptz NOT NULL
);
CREATE TABLE sessions (
    id uuid CONSTRAINT pk_sessions PRIMARY KEY,
    tenant_id uuid NOT NULL CONSTRAINT fk_sessions_tenant_id REFERENCES tenants (id),
    user_id uuid NOT NULL CONSTRAINT fk_sessions_user_id REFERENCES users (id) ON DELETE CASCADE,
    epoch integer NOT NULL,
    address varchar(64) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX ix_sessions_tenant_id_user_id ON sessions (tenant_id, user_id);
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
CREATE TABLE refresh_tokens (
    digest bytea CONSTRAINT pk_refresh_tokens PRIMARY KEY,
    tenant_id uuid NOT NULL CONSTRAINT fk_refresh_tokens_tenant_id REFERENCES tenants (id),
    session_id uuid NOT NULL CONSTRAINT fk_refresh_tokens_session_id REFERENCES sessions (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    successor bytea,
    sealed_successor bytea
);
CREATE INDEX ix_refresh_tokens_session_id ON refresh_tokens (session_id);
CREATE TABLE refresh_token_digests (
    digest bytea CONSTRAINT pk_refresh_token_digests PRIMARY KEY
        CONSTRAINT fk_refresh_token_digests_digest REFERENCES refresh_tokens (digest) ON DELETE CASCADE,
    tenant_id uuid NOT NULL
);
CREATE TABLE login_attempts (
    digest bytea CONSTRAINT pk_login_attempts PRIMARY KEY,
    failures integer NOT NULL,
    last_at timestamptz NOT NULL,
    blocked_until timestamptz NOT NULL
);
CREATE INDEX ix_login_attempts_last_at ON login_attempts (last_at);
CREATE TABLE audit_log (
    position bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_audit_log PRIMARY KEY,
    id uuid NOT NULL CONSTRAINT uq_audit_log_id UNIQUE,
    at timestamptz NOT NULL,
    actor varchar(100) NOT NULL,
    action varchar(100) NOT NULL,
    subject varchar(200) NOT NULL,
    outcome varchar(16) NOT NULL,
    details jsonb NOT NULL,
    address varchar(64),
    request_id varchar(128),
    trace_id varchar(32),
    tenant_id uuid NOT NULL
);
CREATE INDEX ix_audit_log_tenant_id_position ON audit_log (tenant_id, position);
CREATE INDEX ix_audit_log_tenant_id_subject ON audit_log (tenant_id, subject);
CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_outbox PRIMARY KEY,
    id uuid NOT NULL CONSTRAINT uq_outbox_id UNIQUE,
    name varchar(100) NOT NULL,
    subject varchar(200) NOT NULL,
    data jsonb NOT NULL,
    principal varchar(100) NOT NULL,
    request_id varchar(128),
    trace_id varchar(32),
    occurred_at timestamptz NOT NULL DEFAULT now(),
    tenant_id uuid NOT NULL
);
CREATE TABLE idempotency_records (
    tenant_id uuid NOT NULL,
    digest bytea NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint NOT NULL,
    problem boolean NOT NULL,
    sealed boolean NOT NULL,
    answer bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT pk_idempotency_records PRIMARY KEY (tenant_id, digest)
);
CREATE INDEX ix_idempotency_records_expires_at ON idempotency_records (expires_at);
"""

TENANT_OWNED = (
    "memberships",
    "roles",
    "api_keys",
    "sessions",
    "refresh_tokens",
    "audit_log",
    "outbox",
    "idempotency_records",
)

# An account is seen where it is a member and by a transaction that names it; a tenant by itself and by the platform's.
SEEN_BY_SOME = (
    (
        "users",
        f"id = {CURRENT_USER} OR EXISTS "
        f"(SELECT FROM memberships m WHERE m.user_id = users.id AND m.tenant_id = {CURRENT_TENANT})",
    ),
    ("tenants", f"id = {CURRENT_TENANT} OR {CURRENT_TENANT} = '{DEFAULT_TENANT}'"),
)

APPEND_ONLY = (
    """
    CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only()",
    "ALTER TABLE audit_log ENABLE ALWAYS TRIGGER append_only",
)

GRANTS = {
    "SELECT": ("alembic_version",),
    "SELECT, INSERT": ("audit_log", "outbox"),
    "SELECT, INSERT, UPDATE": ("tenants", "users", "api_keys"),
    "SELECT, INSERT, DELETE": ("identities", "api_key_digests", "refresh_token_digests", "signing_keys"),
    "SELECT, INSERT, UPDATE, DELETE": (
        "memberships",
        "roles",
        "sessions",
        "refresh_tokens",
        "login_attempts",
        "plans",
        "limit_overrides",
        "idempotency_records",
    ),
}


def upgrade() -> None:
    """Make the tables, then the walls between tenants, then the role that may only go through the doors."""
    for statement in filter(str.strip, TABLES.split(";")):
        op.execute(statement)
    op.execute(
        "INSERT INTO tenants (id, slug, name, version) "  # noqa: S608 - a constant
        f"VALUES ('{DEFAULT_TENANT}', 'default', 'Default', 1)"
    )
    for table in TENANT_OWNED:
        _execute(secure(table))
    for table, seen in SEEN_BY_SOME:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visibility ON {table} USING ({seen}) WITH CHECK ({seen})")
    _execute(APPEND_ONLY)
    role = runtime_role()
    _execute(make_role(role))
    for rights, tables in GRANTS.items():
        _execute(grant(role, rights, *tables))
    _execute(default_privileges(role))


def _execute(statements: tuple[str, ...] | list[str]) -> None:
    for statement in statements:
        op.execute(statement)
