"""What accounts do by mail: letters, the tokens in them, registrations that wait for them, invitations.

A token is kept as its digest only; the map from a digest to its tenant, which is read before the tenant is known, says
nothing else. Letters name nobody by reference, so that one for nobody costs what any other costs.
"""

from alembic import op

from esteio.db.tenancy import secure

revision = "esteio_0010"
down_revision = "esteio_0009"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE users ADD COLUMN email_verified_at timestamptz;
CREATE TABLE invitations (
    id uuid CONSTRAINT pk_invitations PRIMARY KEY,
    tenant_id uuid NOT NULL CONSTRAINT fk_invitations_tenant_id REFERENCES tenants (id),
    email varchar(254) NOT NULL,
    roles text[] NOT NULL,
    invited_by varchar(100) NOT NULL,
    state varchar(10) NOT NULL
        CONSTRAINT ck_invitations_state CHECK (state IN ('open', 'accepted', 'declined', 'withdrawn')),
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    accepted_by uuid,
    version integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX uq_invitations_open ON invitations (tenant_id, email) WHERE state = 'open';
CREATE INDEX ix_invitations_tenant_id ON invitations (tenant_id, id);
CREATE TABLE registrations (
    id uuid CONSTRAINT pk_registrations PRIMARY KEY,
    tenant_id uuid NOT NULL CONSTRAINT fk_registrations_tenant_id REFERENCES tenants (id),
    email varchar(254) NOT NULL,
    name varchar(200) NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ix_registrations_tenant_id_email ON registrations (tenant_id, email);
CREATE INDEX ix_registrations_expires_at ON registrations (expires_at);
CREATE TABLE account_letters (
    id uuid CONSTRAINT pk_account_letters PRIMARY KEY,
    tenant_id uuid NOT NULL CONSTRAINT fk_account_letters_tenant_id REFERENCES tenants (id),
    kind varchar(20) NOT NULL,
    subject uuid,
    address varchar(254),
    epoch integer,
    state varchar(12) NOT NULL CONSTRAINT ck_account_letters_state CHECK
        (state IN ('queued', 'handing_over', 'sent', 'withdrawn', 'refused', 'failed', 'unconfirmed')),
    code smallint,
    answer varchar(300),
    created_at timestamptz NOT NULL,
    sent_at timestamptz
);
CREATE INDEX ix_account_letters_subject ON account_letters (tenant_id, subject, kind, id);
CREATE INDEX ix_account_letters_created_at ON account_letters (tenant_id, created_at);
CREATE TABLE mail_tokens (
    digest bytea CONSTRAINT pk_mail_tokens PRIMARY KEY,
    tenant_id uuid NOT NULL CONSTRAINT fk_mail_tokens_tenant_id REFERENCES tenants (id),
    purpose varchar(20) NOT NULL,
    subject uuid NOT NULL,
    address varchar(254) NOT NULL,
    epoch integer,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ix_mail_tokens_subject ON mail_tokens (tenant_id, subject, purpose);
CREATE INDEX ix_mail_tokens_expires_at ON mail_tokens (expires_at);
CREATE TABLE mail_token_digests (
    digest bytea CONSTRAINT pk_mail_token_digests PRIMARY KEY
        CONSTRAINT fk_mail_token_digests_digest REFERENCES mail_tokens (digest) ON DELETE CASCADE,
    tenant_id uuid NOT NULL
);
CREATE TABLE mail_requests (
    digest bytea CONSTRAINT pk_mail_requests PRIMARY KEY,
    asked integer NOT NULL,
    since timestamptz NOT NULL
);
CREATE INDEX ix_mail_requests_since ON mail_requests (since);
"""

TENANT_OWNED = ("invitations", "registrations", "account_letters", "mail_tokens")


def upgrade() -> None:
    """Make the tables and the walls between tenants; the role may read and write them by default privilege."""
    for statement in filter(str.strip, TABLES.split(";")):
        op.execute(statement)
    for table in TENANT_OWNED:
        for statement in secure(table):
            op.execute(statement)
