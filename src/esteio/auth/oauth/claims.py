"""What an access token of a client says, once its signature has been verified."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

SUBJECT = "client:"
"""What the subject of such a token begins with; a user's is a bare UUID."""

REQUIRED = ("client_id", "scope", "secret_id")
"""Beside what every token of the deployment holds."""


@dataclass(frozen=True, slots=True)
class ClientClaims:
    """`secret` is the one that the token was exchanged for: where it is taken back at once, so is the token."""

    client: UUID
    client_id: str
    secret: UUID
    tenant: UUID
    scopes: tuple[str, ...]
    jti: UUID
    issued_at: int
    expires_at: datetime


def is_of_client(claims: dict[str, Any]) -> bool:
    """Whether the token speaks of a client."""
    return str(claims["sub"]).startswith(SUBJECT)


def client_claims(claims: dict[str, Any], expires_at: datetime) -> ClientClaims:
    """The claims as they are meant. Raises `ValueError` for what a client's token would not say."""
    if any(not isinstance(claims.get(name), str) for name in REQUIRED):
        raise ValueError("no access token of a client")
    return ClientClaims(
        client=UUID(claims["sub"].removeprefix(SUBJECT)),
        client_id=claims["client_id"],
        secret=UUID(claims["secret_id"]),
        tenant=UUID(claims["tenant"]),
        scopes=tuple(claims["scope"].split()),
        jti=UUID(claims["jti"]),
        issued_at=int(claims["iat"]),
        expires_at=expires_at,
    )


def stated(client: UUID, client_id: str, secret: UUID, scopes: tuple[str, ...]) -> dict[str, str]:
    """What such a token holds beside what every token of the deployment does."""
    return {
        "sub": f"{SUBJECT}{client}",
        "client_id": client_id,
        "secret_id": str(secret),
        "scope": " ".join(scopes),
    }
