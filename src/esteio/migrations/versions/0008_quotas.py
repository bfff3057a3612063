"""What a tenant may have and use: quotas of plans, what was agreed with a tenant, and what is used."""

from alembic import op

from esteio.db.tenancy import secure

revision = "esteio_0008"
down_revision = "esteio_0007"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE plan_quotas (
    plan varchar(64) NOT NULL CONSTRAINT fk_plan_quotas_plan REFERENCES plans (name) ON DELETE CASCADE,
    quota varchar(64) NOT NULL,
    amount bigint CONSTRAINT ck_plan_quotas_amount CHECK (amount >= 0),
    CONSTRAINT pk_plan_quotas PRIMARY KEY (plan, quota)
);
CREATE TABLE tenant_quotas (
    tenant_id uuid NOT NULL CONSTRAINT fk_tenant_quotas_tenant_id REFERENCES tenants (id),
    quota varchar(64) NOT NULL,
    amount bigint CONSTRAINT ck_tenant_quotas_amount CHECK (amount >= 0),
    CONSTRAINT pk_tenant_quotas PRIMARY KEY (tenant_id, quota)
);
CREATE TABLE quota_uses (
    tenant_id uuid NOT NULL CONSTRAINT fk_quota_uses_tenant_id REFERENCES tenants (id),
    quota varchar(64) NOT NULL,
    period date NOT NULL DEFAULT '-infinity',
    used bigint NOT NULL CONSTRAINT ck_quota_uses_used CHECK (used >= 0),
    CONSTRAINT pk_quota_uses PRIMARY KEY (tenant_id, quota, period)
) WITH (fillfactor = 70)
"""
# A row of uses is written again and again: with room beside it, the new version stays on its page.

TENANT_OWNED = ("tenant_quotas", "quota_uses")


def upgrade() -> None:
    """Make the tables and the walls between tenants; the role may read and write them by default privilege."""
    for statement in filter(str.strip, TABLES.split(";")):
        op.execute(statement)
    for table in TENANT_OWNED:
        for statement in secure(table):
            op.execute(statement)
