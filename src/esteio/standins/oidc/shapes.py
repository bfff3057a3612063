"""Where the issuers have their endpoints, and how long their tokens live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DISCOVERY = "/.well-known/openid-configuration"
JWKS = "/.well-known/jwks.json"


@dataclass(frozen=True)
class Shape:
    """`tail` ends the issuer's name, after its base; `seconds` a token lives; `kid` is how names of keys begin."""

    paths: Mapping[str, str]
    seconds: int
    base: str = ""
    tail: str = ""
    kid: str = ""


def _paths(folder: str, authorize: str = "authorize", end: str = "logout", jwks: str = JWKS) -> Mapping[str, str]:
    return {
        "discovery": DISCOVERY,
        "jwks": jwks,
        "authorize": f"{folder}/{authorize}",
        "token": f"{folder}/token",
        "userinfo": f"{folder}/userinfo",
        "end_session": f"{folder}/{end}",
    }


SHAPES: Mapping[str, Shape] = {
    "generic": Shape(_paths("", end="end_session", jwks="/jwks"), 3600),
    "clerk": Shape(_paths("/oauth"), 60, kid="ins_"),
    "auth0": Shape(
        {
            **_paths("/oauth", end="logout"),
            "authorize": "/authorize",
            "userinfo": "/userinfo",
            "end_session": "/oidc/logout",
        },
        86_400,
        tail="/",
    ),
    "keycloak": Shape(
        _paths("/protocol/openid-connect", "auth", jwks="/protocol/openid-connect/certs"), 300, base="/realms/{realm}"
    ),
}
"""Clerk's session tokens live a minute, Keycloak's access tokens five, Auth0's a day."""
