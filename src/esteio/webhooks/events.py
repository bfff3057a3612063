"""The facts that webhooks tell of themselves."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from esteio.events.events import EventType


class DisabledFact(BaseModel):
    """`reason`: `failing` for too long, or the receiver said that it is `gone` (410)."""

    id: UUID
    url: str
    reason: str
    failing_since: datetime | None


class TestFact(BaseModel):
    """Sent when an endpoint is tried out."""

    endpoint_id: UUID
    words: str = "This is a test."


WEBHOOK_DISABLED = EventType("webhook.disabled", DisabledFact, "An endpoint was disabled, since nothing reached it.")
WEBHOOK_TEST = EventType("webhook.test", TestFact, "Somebody tries out an endpoint.")
WEBHOOK_EVENTS = (WEBHOOK_DISABLED, WEBHOOK_TEST)
