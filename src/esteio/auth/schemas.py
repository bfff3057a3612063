"""What callers send and receive about accounts, keys, roles and tenants."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr

from esteio.auth.proof import networks_of
from esteio.base.schema import Body, Change, Flag, Moment, Number, Text, View, Written

EMAIL_PATTERN = (
    r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$"
)
SLUG_PATTERN = r"^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$"
ROLE_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"
PERMISSION_PATTERN = r"^(\*|[a-z0-9][a-z0-9_.-]{0,62}:(\*|[a-z0-9][a-z0-9_.-]{0,62}))$"


def _networks(texts: list[str]) -> list[str]:
    return [str(network) for network in networks_of(texts)]


Email = Annotated[
    str,
    Field(max_length=254, examples=["maria@example.org"]),
    Written(EMAIL_PATTERN, "write an e-mail address, such as maria@example.org"),
]
Name = Annotated[Text, Field(min_length=1, max_length=200, examples=["Maria Souza"])]
Slug = Annotated[str, Field(pattern=SLUG_PATTERN, examples=["acme"])]
RoleName = Annotated[str, Field(pattern=ROLE_PATTERN, examples=["editor"])]
Permission = Annotated[str, Field(max_length=128, pattern=PERMISSION_PATTERN, examples=["pets:write"])]
Scopes = Annotated[list[Permission], Field(max_length=100)]
Roles = Annotated[list[RoleName], Field(max_length=50)]
PlanName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,58}$", examples=["gold"])]
Networks = Annotated[
    list[Annotated[str, Field(max_length=64)]],
    Field(max_length=50, examples=[["203.0.113.0/24"]], description="Addresses the key may be used from; empty: any"),
    AfterValidator(_networks),
]
Password = Annotated[
    SecretStr, Field(min_length=10, max_length=128, examples=["correct horse battery"], description="10–128 characters")
]
PresentPassword = Annotated[SecretStr, Field(max_length=128)]


class Registration(Body):
    email: Email
    password: Password
    name: Name


class Forgotten(Body):
    email: Email


MailedToken = Annotated[str, Field(max_length=200, examples=["est_mail_…"], description="As the mail holds it")]


class PasswordReset(Body):
    token: MailedToken
    new_password: Password


class EmailChange(Body):
    email: Email = Field(description="The new address; it becomes the account's when it was confirmed")
    password: PresentPassword


class Confirmation(Body):
    token: MailedToken


class MailedView(View):
    """What was asked for by mail. The same words whether the address has an account or not."""

    detail: str


class ConfirmedView(View):
    outcome: Literal["verified", "changed", "registered"] = Field(
        description="The account's address was confirmed; it is the account's from now on; it has an account now"
    )
    email: str


class TenantShownView(View):
    id: UUID
    slug: str
    name: str


class MeView(View):
    id: str = Field(examples=["user:0192…"])
    proof: Literal["api_key", "environment_key", "token", "oidc", "client"]
    user_id: UUID | None
    key_id: UUID | None
    session_id: UUID | None
    email: str | None
    email_verified: bool | None = Field(description="Nothing for who has no address of its own")
    name: str
    tenant: TenantShownView
    roles: list[str]
    permissions: list[str]
    plan: str | None


class NewKey(Body):
    name: Name
    scopes: Scopes = Field(description="Permissions of the key; the caller must hold them all")
    test: Flag = Field(False, description="Whether the key begins with est_test_")
    plan: PlanName | None = None
    allowed_networks: Networks = Field(default_factory=list)
    expires_at: Moment | None = None


class KeyChange(Change):
    never_empty = frozenset({"name", "scopes", "allowed_networks", "enabled"})

    name: Name | None = None
    scopes: Scopes | None = None
    plan: PlanName | None = None
    allowed_networks: Networks | None = None
    enabled: Flag | None = None
    expires_at: Moment | None = None


class Rotation(Body):
    overlap_hours: Number = Field(24, ge=0, le=720, description="How long the old key stays valid beside the new one")


class KeyView(View):
    id: UUID
    public_id: str = Field(examples=["key_4fT0aZ91bQ"])
    name: str
    test: bool
    last_four: str
    scopes: list[str]
    plan: str | None
    allowed_networks: list[str]
    enabled: bool
    expires_at: datetime | None
    rotated_from: UUID | None
    last_used_at: datetime | None = Field(description="Noted once a minute")
    created_by: str
    created_at: datetime
    updated_at: datetime
    revoked_at: datetime | None
    version: int


class NewKeyView(KeyView):
    key: str = Field(description="The key itself, shown this once", examples=["est_live_…"])


class NewUser(Body):
    """A member of the tenant. Where the address has an account already, that account is let in, password unchanged.

    Not one that was made elsewhere and whose address nobody has confirmed, where mail is sent: invite that.
    """

    email: Email
    name: Name
    password: Password | None = Field(None, description="Without one, the user cannot log in with a password yet")
    roles: Roles = Field(default_factory=lambda: ["user"])


class UserChange(Change):
    never_empty = frozenset({"name", "roles", "enabled"})

    name: Name | None = None
    roles: Roles | None = None
    enabled: Flag | None = None


class UserView(View):
    """An account as the tenant knows it: the name it goes by there, its roles there."""

    id: UUID
    email: str | None = Field(description="That of its login, or what another issuer reports of it")
    name: str
    roles: list[str]
    enabled: bool
    created_at: datetime
    updated_at: datetime
    version: int


class NewRole(Body):
    name: RoleName
    description: Annotated[Text, Field(max_length=500)] = ""
    permissions: Scopes


class RoleChange(Change):
    never_empty = frozenset({"description", "permissions"})

    description: Annotated[Text, Field(max_length=500)] | None = None
    permissions: Scopes | None = None


class RoleView(View):
    name: str
    description: str
    permissions: list[str]
    built_in: bool
    version: int = Field(description="0 for a built-in role, which cannot be changed")


class PermissionView(View):
    name: str = Field(examples=["pets:write"])
    description: str
    administration: bool = Field(description="Whether it is about the tenant or the deployment, not about a product")
    held: bool = Field(description="Whether the caller holds it, and so may give it")


class NewTenant(Body):
    slug: Slug
    name: Name
    plan: PlanName | None = None
    admin: NewUser | None = Field(None, description="The tenant's first user; holds the role `admin` whatever it says")


class TenantChange(Change):
    never_empty = frozenset({"name", "enabled"})

    name: Name | None = None
    plan: PlanName | None = None
    enabled: Flag | None = None


class TenantView(View):
    id: UUID
    slug: str
    name: str
    plan: str | None
    enabled: bool
    created_at: datetime
    updated_at: datetime
    version: int


class AuditView(View):
    id: UUID
    at: datetime
    actor: str = Field(examples=["user:0192…"])
    actor_label: str | None = Field(
        None,
        description="What people know it by now: a user's address, a key's name, a client's, a tenant's slug; "
        "null where it is gone, or the caller may not see it",
        examples=["maria@example.org"],
    )
    action: str = Field(examples=["key.created"])
    subject: str = Field(examples=["key:0192…"])
    subject_label: str | None = Field(None, description="Likewise", examples=["CI (key_4fT0aZ91bQ)"])
    outcome: Literal["done", "refused"]
    details: dict[str, Any]
    address: str | None
    request_id: str | None
    trace_id: str | None


class JwkView(View):
    """An elliptic curve key (RFC 7518, section 6.2)."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str
    kid: str
    alg: Literal["ES256"]
    use: Literal["sig"]


class JwksView(View):
    keys: list[JwkView]


class SigningKeyView(View):
    kid: str
    active_from: datetime


class SigningRotation(Body):
    at_once: Flag = Field(False, description="For a leaked key: sign with the new one now and delete all others")
