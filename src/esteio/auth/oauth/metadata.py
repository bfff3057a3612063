"""What a client's library finds out by itself (RFC 8414)."""

from collections.abc import Mapping
from typing import Any

from esteio.auth.permissions import Permissions

GRANT = "client_credentials"
METHODS = ("client_secret_basic", "client_secret_post")
TOKEN, REVOKE, INTROSPECT = "/oauth/token", "/oauth/revoke", "/oauth/introspect"


def metadata(issuer: str, permissions: Permissions) -> Mapping[str, Any]:
    """The document of a deployment, whose issuer is its public address. Scopes of administration are not listed."""
    return {
        "issuer": issuer,
        "token_endpoint": issuer + TOKEN,
        "token_endpoint_auth_methods_supported": METHODS,
        "grant_types_supported": [GRANT],
        "response_types_supported": [],
        "scopes_supported": sorted(permissions.of_products),
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "revocation_endpoint": issuer + REVOKE,
        "revocation_endpoint_auth_methods_supported": METHODS,
        "introspection_endpoint": issuer + INTROSPECT,
        "introspection_endpoint_auth_methods_supported": METHODS,
    }
