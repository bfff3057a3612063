"""What a sign-in page is told before anybody has signed in."""

import json
from collections.abc import Callable
from typing import Any

from tests.house import Served

SHOP = {
    "issuer": "https://id.example.org/realms/shop",
    "jwks_url": "https://id.example.org/keys",
    "console_client_id": "esteio-console",
    "name": "Shop",
    "scopes": ["openid", "organization"],
}
HOUSE = {"issuer": "https://example.eu.auth0.com/", "preset": "auth0", "audience": ["https://api.example.org"]}
MACHINES = {"issuer": "https://machines.example.org", "jwks_url": "https://machines.example.org/keys"}


def ways(served: Served) -> dict[str, Any]:
    answer = served.anonymous.get("/api/v2/auth/ways")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "public, max-age=60"
    found: dict[str, Any] = answer.json()["data"]
    return found


def test_a_plain_deployment_has_passwords_and_open_registration(served: Served) -> None:
    """Without a mail server or issuers that is all there is."""
    assert ways(served) == {
        "password": True,
        "registration": "open",
        "mail": False,
        "verified_email": "optional",
        "organizations_open": True,
        "tenant": "default",
        "issuers": [],
    }


def test_issuers_are_shown_where_they_have_a_client_for_the_console(house: Callable[..., Any]) -> None:
    """Those that have one, with what the browser needs to ask them, and nothing else of their settings."""
    issuers = [SHOP, {**HOUSE, "console_client_id": "c1"}, MACHINES]
    with house(
        AUTH__ISSUERS=json.dumps(issuers),
        AUTH__REGISTRATION_CONFIRMED="true",
        AUTH__VERIFIED_EMAIL="required",
        AUTH__ORGANIZATIONS_OPEN="false",
        MAIL__SERVER="mail.invalid",
        MAIL__FROM_ADDRESS="house@example.org",
    ) as served:
        found = ways(served)
    assert (found["registration"], found["mail"], found["verified_email"]) == ("confirmed", True, "required")
    assert found["organizations_open"] is False
    shop, house_at_auth0 = found["issuers"]
    assert shop == {
        "name": "Shop",
        "issuer": SHOP["issuer"],
        "client_id": "esteio-console",
        "scopes": ["openid", "organization"],
        "parameters": {},
    }
    assert house_at_auth0["name"] == "example.eu.auth0.com"
    assert house_at_auth0["scopes"] == ["openid", "profile", "email"]
    assert house_at_auth0["parameters"] == {"audience": "https://api.example.org"}


def test_closed_registration_is_said(house: Callable[..., Any]) -> None:
    """Nobody is shown a form that would refuse them."""
    with house(AUTH__REGISTRATION_OPEN="false") as served:
        assert ways(served)["registration"] == "closed"
