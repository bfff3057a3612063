"""How callers prove themselves, under `ESTEIO_AUTH__…`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator

from esteio.auth.oidc.reading import Issuers
from esteio.base.schema import CommaList

SHORTEST_ENVIRONMENT_KEY = 8


def _link(text: str) -> str:
    address, _, fragment = text.partition("#")
    if fragment.count("{token}") != 1 or "{token}" in address:
        raise ValueError("it has {token} once, behind a #, so that the token reaches no server's log")
    if not address.startswith(("https://", "http://", "{public_url}")):
        raise ValueError("it begins with https://, http:// or {public_url}")
    if not text.isprintable() or " " in text:
        raise ValueError("it is an address, without spaces")
    return text


MailedLink = Annotated[str, AfterValidator(_link)]
"""The address of a page, with `{token}` in its fragment and `{public_url}` where it is the deployment's own."""


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
    registration_confirmed: bool = Field(
        default=False, description="whether an account is made only when its address was confirmed by mail"
    )
    verified_email: Literal["optional", "required"] = Field(
        default="optional", description="required: nobody logs in with a password before their address was confirmed"
    )
    reset_minutes: int = Field(default=60, ge=5, le=1440, description="life of the link that sets a new password")
    verification_days: int = Field(default=3, ge=1, le=30, description="life of the link that confirms an address")
    invitation_days: int = Field(default=7, ge=1, le=90, description="life of an invitation and of its link")
    mails_a_day: int = Field(
        default=5, ge=1, le=1000, description="mails of one kind that an address is sent in a day at most"
    )
    reset_url: MailedLink = Field(
        default="{public_url}/console/account/reset#token={token}",
        description="the page for a new password, as mails link it",
    )
    verify_url: MailedLink = Field(
        default="{public_url}/console/account/verify#token={token}", description="the page that confirms an address"
    )
    organizations_open: bool = Field(
        default=True, description="whether users may make organisations (tenants); closed: the operator makes them"
    )
    organizations_per_account: int = Field(
        default=5, ge=0, le=1_000, description="organisations that a user may administer beside their first"
    )
    invitation_url: MailedLink = Field(
        default="{public_url}/console/account/invitation#token={token}",
        description="the page that accepts an invitation",
    )

    issuers: Issuers = Field(
        default=(), description="other issuers whose tokens are believed: a JSON list, written as docs/oidc.md says"
    )

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
    cookie_grace_seconds: float = Field(
        default=60.0, ge=0, le=600, description="the same for a browser that keeps its refresh token in a cookie"
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

    @property
    def needs_mail(self) -> bool:
        """Whether nobody new could come in where no mail is sent."""
        return self.registration_confirmed or self.verified_email == "required"

    @property
    def reserved_slugs(self) -> frozenset[str]:
        """Tenants that are named for other issuers' people: nobody else may come first and have them as theirs."""
        return frozenset(slug for terms in self.issuers for slug in terms.slugs)

    def environment_keys(self) -> tuple[str, ...]:
        """The keys that the environment gives, without blanks, each once."""
        given = (self.api_key, self.api_keys_additional)
        return tuple(dict.fromkeys(key for value in given if value is not None for key in _keys(value)))


def _keys(value: SecretStr) -> list[str]:
    return [key.strip() for key in value.get_secret_value().split(",") if key.strip()]
