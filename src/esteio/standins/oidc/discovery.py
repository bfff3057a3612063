"""What an issuer tells of itself (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

from typing import Any

from esteio.standins.oidc.provider import SCOPE, Provider


def discovered(provider: Provider, astray: bool = False) -> dict[str, Any]:
    """The document; `astray`: with a name that differs by its last slash."""
    name = provider.issuer
    other = name.removesuffix("/") if name.endswith("/") else name + "/"
    return {
        "issuer": other if astray else name,
        "authorization_endpoint": provider.place("authorize"),
        "token_endpoint": provider.place("token"),
        "userinfo_endpoint": provider.place("userinfo"),
        "jwks_uri": provider.place("jwks"),
        "end_session_endpoint": provider.place("end_session"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": sorted({one.algorithm for one in provider.ring.published}),
        "scopes_supported": SCOPE.split(),
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "nonce", "name", "email", "email_verified"],
        "authorization_response_iss_parameter_supported": True,
    }
