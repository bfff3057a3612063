"""A page that signs people in at an issuer, by a library that is not ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from esteio.standins.oidc import Issuer
from tests.house import AMPLE, NO_TLS

BACK = "http://localhost:5173/callback"
PAGE = "a-page"
ROOMY = jws.JWSRegistry(algorithms=["RS256", "PS256", "ES256", "EdDSA"])
ROOMY.max_header_length = 4096  # so that a token with a key in its head is judged by its signature


@dataclass
class Visitor:
    """Someone's browser on the page: what the page remembers, and the client that speaks for it."""

    issuer: Issuer
    client: OAuth2Client
    metadata: dict[str, Any]
    verifier: str = field(default_factory=lambda: generate_token(48))
    nonce: str = field(default_factory=lambda: generate_token(20))
    state: str = ""

    def begin(self, **more: str) -> str:
        """The address that the browser is led to."""
        url, self.state = self.client.create_authorization_url(
            self.metadata["authorization_endpoint"], code_verifier=self.verifier, nonce=self.nonce, **more
        )
        return str(url)

    def back(self, **more: str) -> str:
        """The address that it comes back with."""
        answer = httpx.get(self.begin(**more), timeout=AMPLE, verify=NO_TLS)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def tokens(self, back: str) -> dict[str, Any]:
        """What the code that came back is exchanged for. Raises `OAuthError`."""
        return dict(
            self.client.fetch_token(
                self.metadata["token_endpoint"],
                authorization_response=back,
                code_verifier=self.verifier,
                state=self.state,
            )
        )

    def read(self, token: str) -> jwt.Token:
        """A token whose signature fits a published key."""
        return read(self.metadata["jwks_uri"], token)

    def checked(self, tokens: dict[str, Any]) -> CodeIDToken:
        """The ID token's claims, held against what the page asked for. Raises what authlib does."""
        token = self.read(tokens["id_token"])
        expected = {"nonce": self.nonce, "client_id": PAGE, "access_token": tokens["access_token"]}
        essential = {"iss": {"essential": True, "value": self.issuer.issuer}, "aud": {"value": PAGE}}
        claims = CodeIDToken(token.claims, token.header, options=essential, params=expected)
        claims.validate()
        return claims


def read(jwks_url: str, token: str) -> jwt.Token:
    """The token, if a key that is published there signed it. Raises what joserfc does."""
    keys = KeySet.import_key_set(httpx.get(jwks_url, timeout=AMPLE, verify=NO_TLS).json())
    return jwt.decode(token, keys, registry=ROOMY)


@contextmanager
def visiting(issuer: Issuer) -> Iterator[Visitor]:
    """A browser that knows the issuer by its discovery document only."""
    metadata = httpx.get(issuer.discovery_url, timeout=AMPLE, verify=NO_TLS).json()
    options = {"token_endpoint_auth_method": "none", "code_challenge_method": "S256", "timeout": 15}
    with OAuth2Client(PAGE, redirect_uri=BACK, scope="openid profile email", **options) as client:
        yield Visitor(issuer, client, metadata)
