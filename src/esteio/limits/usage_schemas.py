"""What is told of callers who are near the end of a quota."""

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from esteio.base.schema import View
from esteio.limits.identity import Kind
from esteio.limits.near import NEAR, REFUSED_SECONDS
from esteio.limits.usage import Use


class TenantOfUse(View):
    id: UUID
    slug: str | None


class UseView(View):
    policy: str
    quota: int
    window: float = Field(description="Seconds")
    per: str
    mode: Literal["enforce", "shadow"]
    kind: Kind = Field(description="Whom it counts: one caller, an address, an account that is logged in to, all")
    id: str | None = Field(
        description="The caller, where it is one", examples=["key:01920000-0000-7000-8000-000000000001"]
    )
    label: str | None = Field(
        None,
        description="What people know the caller by: a user's address, a key's name, a client's; only of one's own "
        "tenant, and null where it is gone or the asker may not see it",
        examples=["CI (key_4fT0aZ91bQ)"],
    )
    address: str | None = Field(description="Of IPv6 the first 64 bits; only for who holds limits:read")
    tenant: TenantOfUse
    used: int = Field(description="Units spent in the window that ends now")
    share: float = Field(description="Of the quota, from 0 to 1")
    open: bool | None = Field(description="Whether a request would be admitted now; null: nobody could say")
    opens_at: datetime | None = Field(description="When one will be, where none is admitted now")
    resets_at: datetime | None = Field(description="When the next unit is free again")
    refused: int = Field(
        description="In the last `refused_seconds`; under a shadow policy what would have been refused"
    )


class NearView(View):
    """`left_out` callers are not shown, being beyond what was asked for."""

    near: float = Field(NEAR, description="Who has used this share of a quota is listed, and who was refused of late")
    refused_seconds: int = Field(int(REFUSED_SECONDS), description="How far back refusals are counted")
    processes: int = Field(description="How many processes it was told by")
    left_out: int
    callers: list[UseView] = Field(description="Who has used most of a quota first")


def shown(use: Use, slug: str | None, label: str | None, *, addresses: bool) -> UseView:
    """As the caller may see it."""
    counted, policy = use.counted, use.policy
    return UseView(
        policy=policy.name,
        quota=policy.quota,
        window=policy.window,
        per=policy.per,
        mode=policy.mode,
        kind=counted.kind,
        id=counted.name or None,
        label=label,
        address=(counted.address or None) if addresses else None,
        tenant=TenantOfUse(id=counted.tenant, slug=slug),
        used=use.used,
        share=round(use.share, 4),
        open=use.open,
        opens_at=_moment(use.opens_at),
        resets_at=_moment(use.resets_at),
        refused=use.refused,
    )


def _moment(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
