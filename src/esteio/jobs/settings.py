"""How jobs are carried and run, under `ESTEIO_JOBS__…`."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from esteio.redis.addresses import SENTINEL, read_address

SCHEMES = ("redis://", "rediss://", "unix://", "redis+sentinel://", "rediss+sentinel://", "amqp://", "amqps://")


def _address(url: SecretStr | None) -> SecretStr | None:
    text = url.get_secret_value().strip() if url is not None else None
    if text is not None and not text.startswith(SCHEMES):
        raise ValueError(f"it begins with one of {', '.join(SCHEMES)}")
    if text is not None and text.startswith(SENTINEL):
        read_address(text)
    return url


class JobSettings(BaseModel):
    """Times are in seconds unless said otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    broker_url: Annotated[SecretStr | None, AfterValidator(_address)] = Field(
        default=None,
        description="what carries job ids to workers: redis://…, redis+sentinel://… or amqp://…; "
        "the Redis of the house if unset",
    )
    io_slots: int = Field(default=32, ge=1, le=1000, description="jobs of the queue io at once per worker process")
    cpu_slots: int = Field(default=1, ge=1, le=64, description="jobs of the queue cpu at once per worker process")
    lease: float = Field(
        default=20.0, ge=1, le=600, description="after so long without a sign of life a job runs again"
    )
    drain: float = Field(
        default=20.0, ge=0, le=3600, description="how long running jobs may go on when a worker is told to end"
    )
    poll: float = Field(default=1.0, ge=0.05, le=60, description="between looks at the queue where no notice arrives")
    carried: float = Field(default=15.0, ge=1, le=600, description="until an id that did not arrive is sent again")
    history_days: int = Field(default=30, ge=1, le=3650, description="how long ended jobs are remembered")
    outbox_days: int = Field(default=7, ge=1, le=3650, description="how long told facts are kept")
    enqueue_limit: str = Field(default="60/minute", description="tasks that a caller may start")
