"""Accounts and tenants of other issuers: what an organisation there is here, what the issuer says of a person.

`tenant_identities` is read before a tenant is known: it says which tenant an organisation is, and holds digests only.
An account that came by an issuer has no address of its own to log in with, only one that the issuer reports.
"""

from alembic import op

from esteio.migrations.roles import grant, runtime_role

revision = "esteio_0006"
down_revision = "esteio_0005"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE users ALTER COLUMN email DROP NOT NULL;
ALTER TABLE users ADD COLUMN reported_email varchar(254), ADD COLUMN reported_at timestamptz;
ALTER TABLE memberships ADD COLUMN roles_said_at timestamptz;
CREATE TABLE tenant_identities (
    digest bytea CONSTRAINT pk_tenant_identities PRIMARY KEY,
    tenant_id uuid NOT NULL CONSTRAINT fk_tenant_identities_tenant_id REFERENCES tenants (id)
);
CREATE INDEX ix_tenant_identities_tenant_id ON tenant_identities (tenant_id);
"""


def upgrade() -> None:
    """What an issuer said of a person stands beside what the account says of itself."""
    for statement in filter(str.strip, STATEMENTS.split(";")):
        op.execute(statement)
    for statement in grant(runtime_role(), "SELECT, INSERT", "tenant_identities"):
        op.execute(statement)
