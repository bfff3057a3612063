"""How Redis or Valkey is reached, under `ESTEIO_REDIS__…`."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from esteio.redis.addresses import PLAIN, SCHEMES, read_address


def _address(url: SecretStr) -> SecretStr:
    text = url.get_secret_value().strip()
    if not text.startswith(SCHEMES):
        raise ValueError("it begins with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://")
    if not text.startswith(PLAIN):
        read_address(text)
        return SecretStr(text)
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
        description="redis://user:password@host:port/0, rediss://…, unix:///path?db=0, "
        "redis+sentinel://host:port,host:port/service or redis+cluster://host:port,host:port"
    )
    deadline: float = Field(default=0.25, gt=0, le=2, description="seconds to wait for an answer")
    ttl: int = Field(default=300, ge=1, le=86_400, description="seconds for which fetched data are fresh")
