"""What callers send and receive about quotas."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from esteio.base.schema import Body, View, Whole
from esteio.quotas.lists import Line
from esteio.quotas.quota import LARGEST

Amount = Annotated[Whole, Field(ge=0, le=LARGEST)]


class AmountSetting(Body):
    amount: Amount | None = Field(description="In the quota's unit; null is without bound", examples=[100])


class QuotaView(View):
    name: str = Field(examples=["capsules.capsules"])
    description: str
    limit: int | None = Field(description="null: without bound")
    used: int
    remaining: int | None = Field(description="null: without bound")
    unit: str
    every: Literal["day", "month"] | None = Field(description="What it is counted anew by; null: what there is")
    resets_at: datetime | None
    source: Literal["declared", "plan", "tenant"] = Field(description="Where the limit comes from")


class PlanQuotaView(View):
    plan: str
    quota: str
    amount: int | None = Field(description="null: without bound")


def shown(line: Line) -> QuotaView:
    return QuotaView.model_validate(
        {
            **line.standing.as_dict(),
            "description": line.quota.words,
            "every": line.quota.every,
            "source": line.source,
        }
    )
