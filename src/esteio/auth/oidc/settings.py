"""What an operator says of another issuer, one object of the list `ESTEIO_AUTH__ISSUERS`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from esteio.auth.accounts import E_MAIL
from esteio.auth.oidc.claims import Claim, Claims
from esteio.auth.oidc.presets import Preset, with_preset
from esteio.auth.schemas import Permission, RoleName, Slug
from esteio.upstream.guard import UrlRefused, parsed

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""All are asymmetric: with a secret that both sides know, whoever verifies could also sign."""


def _address(text: str) -> str:
    try:
        parsed(text)
    except UrlRefused as error:
        raise ValueError(f"this cannot be called: {error}") from error
    return text


def _algorithms(given: tuple[str, ...]) -> tuple[str, ...]:
    strange = [name for name in given if name not in ALGORITHMS]
    if strange:
        raise ValueError(f"{', '.join(strange)} is not allowed: choose of {', '.join(ALGORITHMS)}")
    return given


def _narrow(given: tuple[str, ...]) -> tuple[str, ...]:
    if "*" in given:
        raise ValueError("no issuer may give every permission: name them, or map a role to `admin`")
    return given


def _with_openid(given: tuple[str, ...]) -> tuple[str, ...]:
    if "openid" not in given:
        raise ValueError("`openid` is among them: nobody is signed in without")
    return given


Address = Annotated[str, AfterValidator(_address)]
Scope = Annotated[str, Field(max_length=200, pattern=r"^[!#-\[\]-~]+$")]
Texts = tuple[Annotated[str, Field(min_length=1, max_length=500)], ...]


class RejectRule(BaseModel):
    """Tokens that say this are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    claim: Claim = Field(description="the claim that is looked at")
    equals: str | bool | int | None = Field(
        default=None, description="the value that is refused; without it the token is refused if the claim is there"
    )


class IssuerSettings(BaseModel):
    """An issuer whose tokens prove who is calling. Claims are named as `a.b`, or as a list of names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(
        min_length=1,
        max_length=500,
        pattern=r"^[!-~]+$",
        description="`iss` of its tokens, to the letter: a slash at the end counts",
    )
    preset: Preset = Field(default="generic", description="whose defaults hold for what is not set here")
    jwks_url: Address | None = Field(default=None, description="where its keys are, unless they are discovered")
    discovery_url: Address | None = Field(
        default=None,
        description="where its metadata says where its keys are; `/.well-known/openid-configuration` below the issuer",
    )
    algorithms: Annotated[tuple[str, ...], AfterValidator(_algorithms)] = Field(
        default=("RS256", "PS256", "ES256", "EdDSA"),
        min_length=1,
        description=f"how its tokens may be signed: {', '.join(ALGORITHMS)}",
    )
    audience: Texts = Field(default=(), description="`aud` has one of these; empty: it is not looked at")
    authorized_parties: Texts = Field(
        default=(), description="for whom tokens were made (`azp`: origins or client ids); empty: for anybody"
    )
    authorized_party_claim: Claims = Field(default=(("azp",),), description="the claim that says for whom")
    azp_required: bool = Field(
        default=True, description="whether a token that does not say for whom is refused when parties are listed"
    )
    leeway_seconds: float = Field(default=5.0, ge=0, le=30, description="how far its clock and ours may be apart")
    required_claims: tuple[Claim, ...] = Field(default=(), description="claims without which a token is refused")
    reject: tuple[RejectRule, ...] = Field(default=(), description="tokens that say one of these are refused")

    subject_claim: Claims = Field(default=(("sub",),), description="who it is; never given to anybody else")
    email_claim: Claims = Field(default=(("email",),), description="the person's e-mail address")
    email_verified_claim: Claims = Field(
        default=(("email_verified",),), description="whether the issuer knows that the address is the person's"
    )
    name_claim: Claims = Field(default=(("name",), ("preferred_username",)), description="what the person is called")
    organization_claim: Claims = Field(
        default=(("org_id",),), description="the organisation's id: a text, a list of one, or a map of one name to `id`"
    )
    organization_slug_claim: Claims = Field(default=(("org_slug",),), description="its short name")
    organization_name_claim: Claims = Field(default=(("org_name",),), description="its name")
    roles_claim: Claims = Field(default=(("roles",),), description="the person's role or roles; all of these count")
    permissions_claim: Claims = Field(
        default=(("permissions",), ("scope",)), description="permissions, as a list or in one text; all of these count"
    )
    client_id: str | None = Field(
        default=None, min_length=1, max_length=255, description="keycloak: the client whose roles count too"
    )
    console_client_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="its public client for the console; unset: no sign-in there",
    )
    name: str | None = Field(
        default=None, min_length=1, max_length=60, description="what the sign-in page calls it; else its host"
    )
    scopes: Annotated[tuple[Scope, ...], AfterValidator(_with_openid)] = Field(
        default=("openid", "profile", "email"), description="what the console asks for when it signs people in"
    )
    prefix: str = Field(default="", max_length=100, description="taken off the beginning of roles and permissions")

    role_map: dict[str, RoleName] = Field(
        default_factory=dict, description="the issuer's role to ours; others give nothing"
    )
    default_role: RoleName | None = Field(default="user", description="the role of who has none that is mapped")
    absent_roles: Literal["keep", "default"] = Field(
        default="default",
        description="what a token without any role claim says where roles are mapped: nothing, or the default role",
    )
    accepted_permissions: Annotated[tuple[Permission, ...], AfterValidator(_narrow)] = Field(
        default=(), description="permissions that a token itself may give, such as `pets:write` or `pets:*`"
    )
    platform_roles: bool = Field(
        default=False, description="whether its users may be more than `user` in the default tenant"
    )

    tenant: Slug | None = Field(
        default=None, description="tenant of tokens without an organisation; unset: they are refused"
    )
    organizations: dict[str, Slug] = Field(
        default_factory=dict, description="organisations whose tenant is there already, by their id"
    )
    create_tenants: bool = Field(
        default=False, description="whether an unknown organisation becomes a tenant; else its tokens are refused"
    )
    link_verified_emails: bool = Field(
        default=False,
        description="whether who has the confirmed address of an account of ours, verified by the issuer, is that",
    )

    keys_refresh_seconds: float = Field(
        default=300.0, ge=10, le=86_400, description="age at which its keys are fetched anew"
    )
    keys_kept_hours: float = Field(
        default=24.0, gt=0, le=720, description="how long its keys are believed while it cannot be reached"
    )
    fetch_seconds: float = Field(default=3.0, gt=0, le=10, description="how long fetching its keys may take")

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, given: Any) -> Any:
        return with_preset(given) if isinstance(given, Mapping) else given

    @model_validator(mode="after")
    def _fits(self) -> "IssuerSettings":
        if self.issuer == E_MAIL:
            raise ValueError(f"`issuer` must not be {E_MAIL!r}: accounts of this deployment are kept under it")
        if not self.jwks_url and not self.discovery_url:
            try:
                parsed(self.issuer)
            except UrlRefused as error:
                raise ValueError(f"`issuer` cannot be called ({error}): set `jwks_url`") from error
        if self.jwks_url and self.discovery_url:
            raise ValueError("set `jwks_url` or `discovery_url`, not both")
        if self.preset == "auth0" and not self.issuer.endswith("/"):
            raise ValueError("`issuer` of Auth0 ends with a slash, such as https://example.eu.auth0.com/")
        if self.preset == "auth0" and not self.audience:
            raise ValueError("`audience` must name the API's identifier at Auth0: every application there has tokens")
        if self.client_id and self.preset != "keycloak":
            raise ValueError("`client_id` is for the preset keycloak: set `roles_claim` for others")
        if self.console_client_id and self.preset == "clerk":
            raise ValueError("`console_client_id` is not for Clerk: its session tokens are made by its own components")
        return self

    @property
    def shown_name(self) -> str:
        """What people know it by."""
        return self.name or urlsplit(self.issuer).hostname or self.issuer

    @property
    def keys_address(self) -> str | None:
        """Where the keys are, when that is known without asking."""
        if self.jwks_url is not None or self.discovery_url is not None:
            return self.jwks_url
        known = self.preset in ("clerk", "auth0")
        return self.issuer.rstrip("/") + "/.well-known/jwks.json" if known else None

    @property
    def metadata_address(self) -> str:
        """Where the issuer's metadata is (OpenID Connect Discovery 1.0, section 4)."""
        return self.discovery_url or self.issuer.rstrip("/") + "/.well-known/openid-configuration"

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that the operator has named."""
        named = (self.jwks_url, self.discovery_url) if self.jwks_url or self.discovery_url else (self.issuer,)
        return frozenset(parsed(url).raw_host.decode("ascii").strip("[]").rstrip(".") for url in named if url)

    @property
    def slugs(self) -> frozenset[str]:
        """Tenants that the operator has named: no organisation of an issuer takes such a name."""
        return frozenset(filter(None, (self.tenant, *self.organizations.values())))
