"""What callers send and receive about webhooks."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, field_validator

from esteio.base.schema import Body, Change, Flag, Moment, Text, View, Whole
from esteio.webhooks.messages import message_id

Url = Annotated[
    str,
    Field(min_length=8, max_length=2048, examples=["https://hooks.example.com/esteio"], description="https or http"),
]
Event = Annotated[str, Field(max_length=100, pattern=r"^(\*|[a-z0-9_]+(\.[a-z0-9_]+)*(\.\*)?)$", examples=["*"])]
Events = Annotated[
    list[Event],
    Field(
        min_length=1, max_length=50, examples=[["*"]], description="Names of events, `pet.*` for all of pets, or `*`"
    ),
]
Description = Annotated[Text, Field(max_length=500)]
State = Literal["pending", "delivered", "failed"]


class NewEndpoint(Body):
    url: Url
    events: Events
    description: Description = ""
    enabled: Flag = True
    signing: Literal["v1", "v1a"] = Field(
        "v1", description="v1: HMAC-SHA256 with a shared secret; v1a: Ed25519, verified with a public key"
    )


class EndpointChange(Change):
    never_empty = frozenset({"url", "events", "description", "enabled"})

    url: Url | None = None
    events: Events | None = None
    description: Description | None = None
    enabled: Flag | None = None


class EndpointView(View):
    id: UUID
    url: str
    description: str
    events: list[str]
    signing: Literal["v1", "v1a"]
    enabled: bool
    failing_since: datetime | None = Field(description="First failure after the last success")
    disabled_at: datetime | None
    disabled_reason: Literal["owner", "failing", "gone"] | None
    created_by: str
    version: int
    created_at: datetime
    updated_at: datetime


class NewEndpointView(EndpointView):
    secret: str = Field(description="whsec_… (keep it) or whpk_…; shown this once")


class SecretRotation(Body):
    overlap_seconds: Annotated[Whole, Field(ge=0, le=604_800)] = Field(
        86_400, description="For so long deliveries carry signatures of the old secret too"
    )


class ReplayAsked(Body):
    since: Moment = Field(description="Deliveries written down from this time on", examples=["2026-01-01T00:00:00Z"])
    until: Moment | None = Field(None, description="and before this time; now unless said")
    which: Literal["failed", "all"] = Field("failed", description="Those that failed, or all that have ended")


class EventView(View):
    name: str
    summary: str
    data_schema: dict[str, Any] = Field(description="JSON Schema of the member data")


class DeliveryView(View):
    id: UUID
    message_id: str = Field(description="webhook-id: the same over all retries and replays")
    endpoint_id: UUID | None
    url: str | None = Field(description="Where a single request named a URL instead of an endpoint")
    event: str
    subject: str
    state: State
    attempts: int
    next_at: datetime | None
    last_status: int | None
    last_error: str | None
    created_at: datetime
    finished_at: datetime | None


class AttemptView(View):
    number: int
    at: datetime
    headers: dict[str, str] = Field({}, description="What this attempt's header said, but for the signature")
    status: int | None
    milliseconds: int
    error: str | None
    answer: str = Field(description="The first kilobyte of what the receiver answered")

    @field_validator("answer", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else value


class DeliveryDetailView(DeliveryView):
    body: str = Field(description="The exact body that is sent")
    log: list[AttemptView]


class ReceiptView(View):
    id: UUID
    source: str
    sender_id: str
    job_id: UUID
    received_at: datetime


class ReceiptDetailView(ReceiptView):
    headers: dict[str, str]
    body: str


class AcceptedView(View):
    accepted: bool


def delivery_values(row: Any) -> dict[str, Any]:
    """The members of `DeliveryView` from a row."""
    members = {name: getattr(row, name) for name in DeliveryView.model_fields if name != "message_id"}
    return {**members, "message_id": message_id(row.event_id)}
