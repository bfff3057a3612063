"""How the database is reached, under `ESTEIO_DATABASE__…`."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

_DRIVER = re.compile(r"postgres(ql)?(\+[a-z0-9_]+)?://", re.ASCII)


def _address(url: SecretStr) -> SecretStr:
    """The address without the driver that SQLAlchemy's form of it names."""
    text, found = _DRIVER.subn("postgresql://", url.get_secret_value().strip(), count=1)
    if not found or not text.startswith("postgresql://"):
        raise ValueError("it begins with postgresql://")
    return SecretStr(text)


def _split(value: object) -> object:
    """Several addresses written in one setting; a comma within one is written %2C."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Address = Annotated[SecretStr, AfterValidator(_address)]


class DatabaseSettings(BaseModel):
    """Times are in seconds. The URL is of the form `postgresql://user:password@host:port/name`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Address = Field(description="postgresql://user:password@host:port/name")
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
    transaction_timeout: float = Field(
        default=5.0, gt=0, le=300, description="seconds that a transaction may take, where it asks for no more"
    )
    request_timeout: float = Field(
        default=3.5, gt=0, le=300, description="seconds that one request waits for the database in all"
    )
    replica_url: Annotated[tuple[Address, ...], BeforeValidator(_split)] = Field(
        default=(), description="streaming replicas that may answer reads, separated by commas; one address, one server"
    )
    replica_lag: float = Field(
        default=2.0, ge=0.2, le=60, description="seconds that a replica may be behind; one further behind is not asked"
    )
    replica_timeout: float = Field(
        default=1.0, gt=0, le=30, description="seconds that a read waits for a replica before it goes to the primary"
    )
    pooler: Literal["none", "transaction", "transaction-prepared"] = Field(
        default="none",
        description="what the URL leads to: PostgreSQL itself, or PgBouncer in transaction mode, without or with "
        "support for prepared statements (PgBouncer 1.21 or newer, max_prepared_statements above 0)",
    )
    direct_url: Address | None = Field(
        default=None,
        description="PostgreSQL itself, where the URL leads to a pooler: for migrations, notices and long reads",
    )

    @model_validator(mode="after")
    def _has_a_way_past_the_pooler(self) -> Self:
        if self.pooler != "none" and self.direct_url is None:
            raise ValueError("a pooler needs direct_url, the address of PostgreSQL itself, beside it")
        return self

    @property
    def direct(self) -> str:
        """The address at which a session is one's own: sessions' locks, LISTEN, and what is set for a session, hold."""
        return (self.direct_url or self.url).get_secret_value()
