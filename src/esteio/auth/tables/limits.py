"""Limits that an operator changes while the deployment runs, plans that keys and tenants are on, and their quotas."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Date, Float, ForeignKey, Integer, String, func
from sqlalchemy.orm import Mapped, mapped_column

from esteio.db.tables import Table, TenantOwned


class Plan(Table):
    """What a key or tenant on the plan may use: a rate such as `600/minute`, the policy `plan.<name>`."""

    __tablename__ = "plans"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    limit_text: Mapped[str] = mapped_column(String(32))
    description: Mapped[str] = mapped_column(String(500), server_default="")


class LimitOverride(Table):
    """Takes the place of a declared policy's quota and window (seconds), or switches the policy off."""

    __tablename__ = "limit_overrides"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    quota: Mapped[int | None] = mapped_column(Integer)
    window: Mapped[float | None] = mapped_column(Float)
    enabled: Mapped[bool] = mapped_column(Boolean, default=True, server_default="true")
    updated_by: Mapped[str] = mapped_column(String(100))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PlanQuota(Table):
    """How much of a quota those on the plan may have or use; no amount is no bound, no row what is declared."""

    __tablename__ = "plan_quotas"
    __table_args__ = (CheckConstraint("amount >= 0", name="amount"),)

    plan: Mapped[str] = mapped_column(String(64), ForeignKey("plans.name", ondelete="CASCADE"), primary_key=True)
    quota: Mapped[str] = mapped_column(String(64), primary_key=True)
    amount: Mapped[int | None] = mapped_column(BigInteger)


class TenantQuota(TenantOwned, Table):
    """What was agreed with one tenant, in place of its plan's; only administrators of the deployment write it."""

    __tablename__ = "tenant_quotas"
    __table_args__ = (CheckConstraint("amount >= 0", name="amount"),)

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    quota: Mapped[str] = mapped_column(String(64), primary_key=True)
    amount: Mapped[int | None] = mapped_column(BigInteger)


class QuotaUse(TenantOwned, Table):
    """What a tenant has of a quota, or has used in the period that begins on a day; `-infinity` where none ends."""

    __tablename__ = "quota_uses"
    __table_args__ = (CheckConstraint("used >= 0", name="used"),)

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    quota: Mapped[str] = mapped_column(String(64), primary_key=True)
    period: Mapped[date] = mapped_column(Date, primary_key=True, server_default="-infinity")
    used: Mapped[int] = mapped_column(BigInteger)
