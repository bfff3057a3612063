"""Capsules of people whom another issuer signed in, and of machines."""

import json
from collections.abc import Iterator

import httpx
import pytest

from esteio.standins.oidc import Issuer, running_oidc
from tests.capsules.maker import BASE, WISH, make, open_limit
from tests.conftest import House
from tests.house import AMPLE, NO_TLS, Served


@pytest.fixture(scope="module")
def clerk() -> Iterator[Issuer]:
    with running_oidc(shape="clerk") as running:
        yield running


@pytest.fixture(scope="module")
def served(house: House, clerk: Issuer) -> Iterator[Served]:
    roles = {"admin": "admin", "member": "user", "guest": "viewer"}
    issuer = {"issuer": clerk.issuer, "preset": "clerk", "create_tenants": True, "role_map": roles}
    with house(AUTH__ISSUERS=json.dumps([issuer])) as running:
        open_limit(running)
        yield running


def client(served: Served, issuer: Issuer, person: str, organisation: str, role: str) -> httpx.Client:
    token = issuer.token(person, organisation=organisation, role=role, lifetime=600)
    return httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {token}"}, timeout=AMPLE, verify=NO_TLS)


class TestClerk:
    def test_members_of_one_organisation_share_their_capsules(self, served: Served, clerk: Issuer) -> None:
        """A Clerk session makes, its colleague reads, its administrator deletes; another organisation finds nothing."""
        member = client(served, clerk, "user_ana", "org_bakery", "org:member")
        admin = client(served, clerk, "user_bea", "org_bakery", "org:admin")
        stranger = client(served, clerk, "user_eva", "org_garage", "org:admin")
        place = f"{BASE}/{make(member)['id']}"
        assert admin.get(place).json()["data"]["owner"].startswith("user:")
        for answer in (stranger.get(place), stranger.delete(place), stranger.post(f"{place}/export", json={})):
            assert answer.status_code == 404
        assert stranger.get(BASE).json()["data"] == []
        assert member.post(f"{place}/export", json={}).status_code == 200
        assert admin.delete(place).status_code == 204
        assert member.get(place).status_code == 404

    def test_a_guest_looks_only(self, served: Served, clerk: Issuer) -> None:
        """A role that is mapped to viewer reads and makes nothing."""
        guest = client(served, clerk, "user_gus", "org_bakery", "org:guest")
        assert guest.get(BASE).status_code == 200
        assert guest.post(BASE, json=WISH).status_code == 403

    def test_nobody_administers_the_platform(self, served: Served, clerk: Issuer) -> None:
        """An administrator of an organisation there is none of this deployment."""
        admin = client(served, clerk, "user_bea", "org_bakery", "org:admin")
        for path in ("/api/v2/tenants", "/api/v2/limits", "/api/v2/plans", "/metrics"):
            assert admin.get(path).status_code == 403, path


class TestMachines:
    def test_a_client_does_what_its_scopes_say(self, served: Served) -> None:
        """A third party's program makes capsules by client credentials, and reads only where it may."""
        scopes = {"name": "Builder", "scopes": ["capsules:create", "capsules:read"]}
        made = served.client.post("/api/v2/oauth-clients", json=scopes).json()["data"]
        login = httpx.BasicAuth(made["client_id"], made["client_secret"])
        form = {"grant_type": "client_credentials"}
        token = served.anonymous.post("/oauth/token", data=form, auth=login).json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        answer = served.anonymous.post(BASE, json=WISH, headers=bearer)
        assert (answer.status_code, answer.json()["data"]["owner"].split(":")[0]) == (201, "client")
        place = answer.headers["location"]
        assert served.anonymous.get(place, headers=bearer).status_code == 200
        assert served.anonymous.delete(place, headers=bearer).status_code == 403
