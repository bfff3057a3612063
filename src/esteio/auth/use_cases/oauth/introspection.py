"""What an access token is good for at this moment (RFC 7662), for clients that serve others of their tenant."""

from collections.abc import Mapping
from typing import Any

from esteio.auth.oauth.claims import SUBJECT, ClientClaims
from esteio.auth.oauth.form import Asked
from esteio.auth.oauth.scopes import covered
from esteio.auth.parts import Auth
from esteio.auth.proof import Proof
from esteio.auth.tokens import Claims
from esteio.auth.use_cases.oauth.authentication import authenticated
from esteio.base.errors import Forbidden

INTROSPECT = "tokens:introspect"
INACTIVE: Mapping[str, Any] = {"active": False}


async def introspect(auth: Auth, asked: Asked) -> Mapping[str, Any]:
    """What the token says and what of it holds now. Nothing but `active: false` of a token that is not good, and of
    one of another tenant. Raises `Forbidden` for a client without the permission.
    """
    client = await authenticated(auth, asked)
    if not covered(INTROSPECT, client.scopes):
        raise Forbidden(f"Introspection needs the scope {INTROSPECT}.")
    raw = asked.need("token").encode()
    claims = await auth.tokens.verified(raw)
    if claims is None or claims.tenant != client.tenant:
        return INACTIVE
    proof = auth.credentials.fresh(raw) or await auth.prover.by_bearer(raw)
    return INACTIVE if proof is None else _active(auth, claims, proof)


def _active(auth: Auth, claims: Claims | ClientClaims, proof: Proof) -> Mapping[str, Any]:
    """`scope` is what the bearer may do now, which may be less than what the token was made with."""
    if isinstance(claims, ClientClaims):
        bearer = {"sub": f"{SUBJECT}{claims.client}", "client_id": claims.client_id}
    else:
        bearer = {"sub": str(claims.user), "username": proof.principal.label}
    return {
        "active": True,
        "scope": " ".join(sorted(proof.principal.permissions)),
        "token_type": "Bearer",
        "iss": auth.tokens.issuer,
        "aud": auth.tokens.audience,
        **bearer,
        "tenant": str(claims.tenant),
        "iat": claims.issued_at,
        "nbf": claims.issued_at,
        "exp": int(claims.expires_at.timestamp()),
        "jti": claims.jti.hex,
    }
