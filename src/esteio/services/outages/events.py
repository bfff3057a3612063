"""The facts that outages tell."""

from pydantic import BaseModel, Field

from esteio.events.events import EventType


class OutagesFact(BaseModel):
    """`external_ids` are the first 100 of those that changed; `changed` is how many did."""

    source: str
    changed: int
    external_ids: list[str] = Field(max_length=100)
    municipios: list[int]


OUTAGES_CHANGED = EventType(
    "outage.changed", OutagesFact, "Outages were reported, corrected or closed, together in one transaction."
)

ALL = (OUTAGES_CHANGED,)
