"""How many may listen, how long, and what is held for them, under `ESTEIO_REALTIME__…`."""

from pydantic import BaseModel, ConfigDict, Field


class RealtimeSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    connections: int = Field(default=5_000, ge=1, le=100_000, description="open sockets and streams per process")
    connections_per_caller: int = Field(
        default=100, ge=1, le=100_000, description="of one caller per process; callers without credentials by address"
    )
    subscriptions: int = Field(default=50, ge=1, le=1_000, description="channels of one connection")
    messages: str = Field(default="300/minute", description="messages that a caller may send over its sockets")
    message_bytes: int = Field(default=16_384, ge=256, le=1_048_576, description="longest message of a client")
    buffer_messages: int = Field(
        default=256, ge=1, le=100_000, description="messages that wait for a slow reader; beyond it is cut off"
    )
    buffer_bytes: int = Field(default=1_048_576, ge=1_024, le=1 << 30, description="the same in bytes")
    heartbeat_seconds: float = Field(
        default=25.0, ge=0.1, le=300, description="between signs of life; a peer that answers none is given up"
    )
    lifetime_seconds: float = Field(
        default=3_600.0, ge=1, le=86_400, description="longest life of a connection, give or take a tenth"
    )
    history_messages: int = Field(default=1_000, ge=10, le=100_000, description="messages of a channel to resume from")
    history_seconds: int = Field(default=3_600, ge=10, le=86_400, description="how long they are kept")
    ticket_seconds: int = Field(default=30, ge=1, le=300, description="life of a one-time ticket")
