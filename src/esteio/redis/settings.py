"""How Redis or Valkey is reached, under `ESTEIO_REDIS__…`."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class RedisSettings(BaseModel):
    """Times are in seconds. What Redis holds may be lost at any time; nothing that was promised lives there alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: SecretStr = Field(description="redis://user:password@host:port/0, rediss://… or unix:///path?db=0")
    deadline: float = Field(default=0.25, gt=0, le=2, description="seconds to wait for an answer")
    ttl: int = Field(default=300, ge=1, le=86_400, description="seconds for which fetched data are fresh")
