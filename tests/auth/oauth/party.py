"""Another party's machine: a client of a tenant, and what it sends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from authlib.integrations.httpx_client import OAuth2Client

from tests.house import AMPLE, NO_TLS, Served

CLIENTS = "/api/v2/oauth-clients"
GRANT = "client_credentials"
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Party:
    """A client with its secret, and where it goes."""

    url: str
    id: str
    client_id: str
    secret: str

    def post(self, path: str, **sent: str) -> httpx.Response:
        """A request of one of the endpoints, with HTTP Basic."""
        return httpx.post(
            f"{self.url}/oauth/{path}", data=sent, auth=(self.client_id, self.secret), timeout=AMPLE, verify=NO_TLS
        )

    def token(self, scope: str = "", url: str = "") -> str:
        """A new access token."""
        answer = Party(url or self.url, self.id, self.client_id, self.secret).post(
            "token", grant_type=GRANT, scope=scope
        )
        assert answer.status_code == 200, answer.text
        found: str = answer.json()["access_token"]
        return found

    def asks(self, token: str) -> Mapping[str, Any]:
        """What introspection says of a token."""
        answer = self.post("introspect", token=token)
        assert answer.status_code == 200, answer.text
        found: Mapping[str, Any] = answer.json()
        return found

    def library(self, method: str = "client_secret_basic", **members: Any) -> OAuth2Client:
        """Somebody else's client library, set to this client."""
        return OAuth2Client(
            self.client_id, self.secret, token_endpoint_auth_method=method, base_url=self.url, timeout=AMPLE, **members
        )


def made(served: Served, *scopes: str, client: httpx.Client | None = None, **members: Any) -> Party:
    """A new client of the default tenant, or of the tenant of the `client` that makes it."""
    body = {"name": "a machine", "scopes": scopes or ("pets:write",), **members}
    answer = (client or served.client).post(CLIENTS, json=body)
    assert answer.status_code == 201, answer.text
    said = answer.json()["data"]
    return Party(served.url, said["id"], said["client_id"], said["client_secret"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def me(url: str, token: str) -> httpx.Response:
    """Whom the token proves."""
    return httpx.get(f"{url}/auth/me", headers=bearer(token), timeout=AMPLE, verify=NO_TLS)


def administrator(served: Served, slug: str) -> httpx.Client:
    """A new tenant; its administrator as a client."""
    email = f"boss@{slug}.example"
    first = {"email": email, "name": "Boss", "password": PASSWORD}
    made = served.client.post("/api/v2/tenants", json={"slug": slug, "name": slug, "admin": first})
    assert made.status_code == 201, made.text
    entered = served.anonymous.post("/auth/login", json={"email": email, "password": PASSWORD})
    return httpx.Client(
        base_url=served.url, headers=bearer(entered.json()["access_token"]), timeout=AMPLE, verify=NO_TLS
    )
