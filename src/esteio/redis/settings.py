"""How Redis or Valkey is reached, under `ESTEIO_REDIS__…`."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

SCHEMES = ("redis://", "rediss://", "unix://")


def _address(url: SecretStr) -> SecretStr:
    text = url.get_secret_value().strip()
    if not text.startswith(SCHEMES):
        raise ValueError("it begins with redis://, rediss:// or unix://")
    try:
        _ = urlsplit(text).port
    except ValueError:
        raise ValueError(
            "its port is a number up to 65535, and special characters of its password are escaped"
        ) from None
    return SecretStr(text)


class RedisSettings(BaseModel):
    """Times are in seconds. What Redis holds may be lost at any time; nothing that was promised lives there alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[SecretStr, AfterValidator(_address)] = Field(
        description="redis://user:password@host:port/0, rediss://… or unix:///path?db=0"
    )
    deadline: float = Field(default=0.25, gt=0, le=2, description="seconds to wait for an answer")
    ttl: int = Field(default=300, ge=1, le=86_400, description="seconds for which fetched data are fresh")
