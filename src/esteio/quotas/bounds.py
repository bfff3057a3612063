"""Which amount of a quota is in force: the tenant's own, else its plan's, else the declared one."""

from typing import Any

from sqlalchemy import Case, ColumnElement, FromClause, String, and_, case, literal_column

from esteio.auth.tables import PlanQuota, Tenant, TenantQuota


def joined(asked: FromClause) -> FromClause:
    """What was asked for (columns tenant, quota and declared), with what was set for the tenant and for its plan."""
    return (
        asked.outerjoin(Tenant, Tenant.id == asked.c.tenant)
        .outerjoin(PlanQuota, and_(PlanQuota.plan == Tenant.plan, PlanQuota.quota == asked.c.quota))
        .outerjoin(TenantQuota, and_(TenantQuota.tenant_id == asked.c.tenant, TenantQuota.quota == asked.c.quota))
    )


def amount(asked: FromClause) -> Case[Any]:
    """The amount; NULL is without bound, which is why it is the row that decides and not its amount."""
    return _first(TenantQuota.amount.expression, PlanQuota.amount.expression, asked.c.declared)


def source() -> Case[Any]:
    """Whose amount it is: `tenant`, `plan` or `declared`."""
    tenant, plan, declared = (literal_column(f"'{whose}'", String()) for whose in ("tenant", "plan", "declared"))
    return _first(tenant, plan, declared)


def _first(own: ColumnElement[Any], planned: ColumnElement[Any], declared: ColumnElement[Any]) -> Case[Any]:
    return case((TenantQuota.quota.is_not(None), own), (PlanQuota.quota.is_not(None), planned), else_=declared)
