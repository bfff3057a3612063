"""The tenant of the policies as a sub-select: the planner took a tenant that was not named yet for none."""

from alembic import op

from esteio.db.tenancy import CURRENT_TENANT

revision = "esteio_0005"
down_revision = "esteio_0004"
branch_labels = None
depends_on = None

ANEW = """
DO $$
DECLARE named regclass;
BEGIN
    FOR named IN
        SELECT polrelid FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid
        WHERE polname = 'tenant_isolation' AND relnamespace = current_schema()::regnamespace
    LOOP
        EXECUTE format('ALTER POLICY tenant_isolation ON %s '
                       'USING (tenant_id = {tenant}) WITH CHECK (tenant_id = {tenant})', named);
    END LOOP;
END $$
"""
BEFORE = "nullif(current_setting('esteio.tenant', true), '')::uuid"


def upgrade() -> None:
    """Services' tables that are there already are altered too; those that come later are made so."""
    op.execute(_statement(CURRENT_TENANT))


def downgrade() -> None:
    op.execute(_statement(BEFORE))


def _statement(tenant: str) -> str:
    return ANEW.replace("{tenant}", tenant.replace("'", "''"))
