"""Limits that an operator changes while the deployment runs, and plans that keys and tenants are on."""

from datetime import datetime

from sqlalchemy import Boolean, Float, Integer, String, func
from sqlalchemy.orm import Mapped, mapped_column

from esteio.db.tables import Table


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
