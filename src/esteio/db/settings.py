"""How the database is reached, under `ESTEIO_DATABASE__…`."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

_DRIVER = re.compile(r"postgres(ql)?(\+[a-z0-9_]+)?://", re.ASCII)


def _address(url: SecretStr) -> SecretStr:
    """The address without the driver that SQLAlchemy's form of it names."""
    text, found = _DRIVER.subn("postgresql://", url.get_secret_value().strip(), count=1)
    if not found or not text.startswith("postgresql://"):
        raise ValueError("it begins with postgresql://")
    return SecretStr(text)


class DatabaseSettings(BaseModel):
    """Times are in seconds. The URL is of the form `postgresql://user:password@host:port/name`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[SecretStr, AfterValidator(_address)] = Field(description="postgresql://user:password@host:port/name")
    runtime_role: str = Field(
        default="esteio_runtime",
        pattern=r"^[a-z_][a-z0-9_]{0,62}$",
        description="role without BYPASSRLS and without tables of its own, taken on by every connection of the API",
    )
    pool_max: int = Field(default=10, ge=1, le=200, description="connections per process and pool (reads, writes)")
    connect_timeout: float = Field(default=2.0, gt=0, le=30, description="seconds")
    statement_timeout: float = Field(default=3.0, gt=0, le=300, description="seconds")
    acquire_timeout: float = Field(default=2.0, gt=0, le=30, description="seconds to wait for a free connection")
    lock_timeout: float = Field(default=2.0, gt=0, le=60, description="seconds")
    request_timeout: float = Field(
        default=3.5, gt=0, le=300, description="seconds that one request waits for the database in all"
    )
