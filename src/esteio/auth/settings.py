"""How callers prove themselves, under `ESTEIO_AUTH__…`."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from esteio.base.schema import CommaList

SHORTEST_ENVIRONMENT_KEY = 8


class AuthSettings(BaseModel):
    """Keys, tokens, passwords and the delays between failed logins."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    api_key: SecretStr | None = Field(default=None, description="an API key that is set instead of made; 8 characters")
    api_keys_additional: SecretStr | None = Field(default=None, description="further ones, separated by commas")
    api_key_scopes: CommaList = Field(
        default=(), description="permissions of these keys; empty: all that the products declare, no administration"
    )
    user_permissions: CommaList = Field(
        default=(), description="permissions of the role `user`; empty: those that the products give to users"
    )
    registration_open: bool = Field(default=True, description="whether anybody may register; closed: users are made")
    freshness_seconds: float = Field(
        default=4.0, ge=0, le=5, description="how long a proved credential is believed without looking again"
    )
    cached_credentials: int = Field(default=10_000, ge=16, le=1_000_000, description="proved credentials in memory")

    access_minutes: int = Field(default=15, ge=1, le=60, description="life of an access token")
    audience: str = Field(default="esteio", min_length=1, max_length=200, description="`aud` of access tokens")
    refresh_days: int = Field(default=7, ge=1, le=90, description="life of a refresh token that is not used")
    session_days: int = Field(default=90, ge=1, le=730, description="when even a used session ends")
    refresh_grace_seconds: float = Field(
        default=10.0, ge=0, le=60, description="how long a lost answer of a refresh can be had again"
    )
    signing_key_days: int = Field(default=90, ge=1, le=3650, description="age at which a start makes a new signing key")
    signing_lead_seconds: int = Field(
        default=600, ge=0, le=86_400, description="how long a new signing key is published before it signs"
    )

    argon2_memory_kib: int = Field(
        default=19_456, ge=64, le=1_048_576, description="KiB of memory that hashing one password takes"
    )
    argon2_passes: int = Field(default=2, ge=1, le=10, description="how often hashing goes over that memory")
    argon2_lanes: int = Field(default=1, ge=1, le=8, description="parts of that memory that are hashed in parallel")
    password_threads: int = Field(default=2, ge=1, le=16, description="passwords that are hashed at the same time")
    password_queue: int = Field(default=64, ge=1, le=10_000, description="passwords that may wait; beyond: 503")

    attempts_free: int = Field(default=5, ge=1, le=100, description="failed logins before the delay begins")
    attempt_delay_seconds: float = Field(default=2.0, gt=0, le=600, description="first delay; it doubles each time")
    attempt_delay_longest: float = Field(
        default=900.0, gt=0, le=86_400, description="seconds that the delay does not grow beyond"
    )
    attempts_forgotten_hours: float = Field(
        default=24.0, gt=0, le=8_760, description="after so long without another one failed logins no longer count"
    )

    @field_validator("api_key", "api_keys_additional")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and any(len(key) < SHORTEST_ENVIRONMENT_KEY for key in _keys(value)):
            raise ValueError(f"each key needs at least {SHORTEST_ENVIRONMENT_KEY} characters")
        return value

    def environment_keys(self) -> tuple[str, ...]:
        """The keys that the environment gives, without blanks, each once."""
        given = (self.api_key, self.api_keys_additional)
        return tuple(dict.fromkeys(key for value in given if value is not None for key in _keys(value)))


def _keys(value: SecretStr) -> list[str]:
    return [key.strip() for key in value.get_secret_value().split(",") if key.strip()]
