"""What tenants send and receive about their OAuth 2 clients, and what the endpoints answer."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from esteio.auth.permissions import EVERYTHING
from esteio.auth.schemas import Name, Networks, Permission, PlanName
from esteio.base.schema import Body, Change, Flag, Number, View


def _named(scopes: list[str]) -> list[str]:
    if EVERYTHING in scopes:
        raise ValueError("a client is given named scopes, never *")
    return list(dict.fromkeys(scopes))


ClientScopes = Annotated[
    list[Permission], Field(min_length=1, max_length=100, examples=[["pets:read"]]), AfterValidator(_named)
]


class NewClient(Body):
    name: Name
    scopes: ClientScopes = Field(description="Permissions of the client; the caller must hold them all; not *")
    plan: PlanName | None = None
    allowed_networks: Networks = Field(default_factory=list)


class ClientChange(Change):
    never_empty = frozenset({"name", "scopes", "allowed_networks", "enabled"})

    name: Name | None = None
    scopes: ClientScopes | None = None
    plan: PlanName | None = None
    allowed_networks: Networks | None = None
    enabled: Flag | None = None


class SecretRotation(Body):
    overlap_hours: Number = Field(
        24,
        ge=0,
        le=720,
        description="How long the present secret stays valid beside the new one; 0 also ends its access tokens",
    )


class SecretView(View):
    id: UUID
    last_four: str
    created_at: datetime
    expires_at: datetime | None


class ClientView(View):
    id: UUID
    client_id: str = Field(examples=["est_client_4fT0aZ91bQ4fT0aZ91bQ"])
    name: str
    scopes: list[str]
    plan: str | None
    allowed_networks: list[str]
    enabled: bool
    secrets: list[SecretView] = Field(description="Those that are valid, the newest first")
    last_used_at: datetime | None = Field(description="When it last got an access token; noted once a minute")
    created_by: str
    created_at: datetime
    updated_at: datetime
    revoked_at: datetime | None
    version: int


class NewClientView(ClientView):
    client_secret: str = Field(description="The secret itself, shown this once", examples=["est_secret_…"])


class MetadataView(View):
    """RFC 8414, section 2."""

    issuer: str
    token_endpoint: str
    token_endpoint_auth_methods_supported: list[str]
    grant_types_supported: list[str]
    response_types_supported: list[str]
    scopes_supported: list[str]
    jwks_uri: str
    revocation_endpoint: str
    revocation_endpoint_auth_methods_supported: list[str]
    introspection_endpoint: str
    introspection_endpoint_auth_methods_supported: list[str]
