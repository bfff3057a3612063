"""A person sees the organisations they are a member of, in a transaction that names them and no tenant."""

from alembic import op

revision = "esteio_0011"
down_revision = "esteio_0010"
branch_labels = None
depends_on = None

NO_TENANT = "nullif(current_setting('esteio.tenant', true), '') IS NULL"
CURRENT_USER = "nullif(current_setting('esteio.user', true), '')::uuid"

POLICIES = (
    ("memberships", f"{NO_TENANT} AND user_id = {CURRENT_USER}"),
    (
        "tenants",
        f"{NO_TENANT} AND EXISTS "
        f"(SELECT FROM memberships m WHERE m.tenant_id = tenants.id AND m.user_id = {CURRENT_USER})",
    ),
)


def upgrade() -> None:
    """To be looked at only: what is written is written in a tenant."""
    for table, seen in POLICIES:
        op.execute(f"CREATE POLICY own_organizations ON {table} FOR SELECT USING ({seen})")
