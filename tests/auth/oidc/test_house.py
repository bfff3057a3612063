"""Callers of other issuers at the real house: who they are, what they are told, and how their connections end."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from esteio.base.errors import StartRefused
from esteio.standins.oidc import Issuer, running_oidc
from tests.auth.oidc.door import CLERK, terms
from tests.conftest import House
from tests.house import AMPLE, NO_TLS, Served, eventually
from tests.realtime.client import socket, stream

PATHS = ("/api/v2/auth", "/auth")
LONG = 3600.0


@pytest.fixture(scope="module")
def clerk() -> Iterator[Issuer]:
    with running_oidc("clerk") as running:
        yield running


@pytest.fixture(scope="module")
def plain() -> Iterator[Issuer]:
    with running_oidc() as running:
        yield running


@pytest.fixture(scope="module")
def served(house: House, clerk: Issuer, plain: Issuer) -> Iterator[Served]:
    """A house that believes both, one of them for people of the default tenant."""
    issuers = [terms(clerk, **CLERK), terms(plain, tenant="default", leeway_seconds=0)]
    with house(AUTH__ISSUERS=json.dumps(issuers)) as running:
        yield running


def caller(served: Served, token: str) -> httpx.Client:
    return httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {token}"}, timeout=AMPLE, verify=NO_TLS)


def boss_of(clerk: Issuer, organisation: str, person: str = "maria") -> str:
    return clerk.token(person=person, organisation=organisation, role="admin", lifetime=LONG)


def test_they_are_shown_who_they_are(served: Served, clerk: Issuer, plain: Issuer) -> None:
    """`/auth/me` says how they proved it, what their issuer calls them, and what they are where."""
    with caller(served, boss_of(clerk, "me-org")) as client:
        me = client.get("/api/v2/auth/me").json()["data"]
    assert me["proof"] == "oidc" and me["tenant"]["slug"] == "me-org" and me["roles"] == ["admin"]
    assert me["email"] is None and me["session_id"] is None and "tenants:*" not in me["permissions"]
    with caller(served, plain.token(person="ana")) as client:
        me = client.get("/auth/me").json()
    assert (me["email"], me["name"], me["roles"], me["tenant"]["slug"]) == (
        "ana@example.org",
        "Ana Souza",
        ["user"],
        "default",
    )


def test_they_work_in_their_organisation_and_in_no_other(served: Served, clerk: Issuer) -> None:
    """What one organisation makes the other cannot find, and a user's list has its own people only."""
    with caller(served, boss_of(clerk, "wall-a")) as one, caller(served, boss_of(clerk, "wall-b", "noor")) as two:
        pet = one.post("/api/v2/pets", json={"name": "Rex", "species": "dog"}).json()["data"]
        assert one.get(f"/api/v2/pets/{pet['id']}").status_code == 200
        assert two.get(f"/api/v2/pets/{pet['id']}").status_code == 404
        mine = one.get("/api/v2/users").json()["data"]
        assert [user["roles"] for user in mine] == [["admin"]] and mine[0]["email"] is None
        assert one.get("/api/v2/tenants").status_code == 403
        assert two.get(f"/api/v2/users/{mine[0]['id']}").status_code == 404


def test_users_are_found_by_the_address_that_is_reported(served: Served, plain: Issuer) -> None:
    """The list shows it, and finds by it."""
    with caller(served, plain.token("has-address", email="Bento@example.org")) as client:
        user = client.get("/api/v2/auth/me").json()["data"]["user_id"]
    found = served.client.get("/api/v2/users", params={"email": "Bento@example.org"}).json()["data"]
    assert [(one["id"], one["email"]) for one in found] == [(user, "bento@example.org")]
    assert served.client.get(f"/api/v2/users/{user}").json()["data"]["email"] == "bento@example.org"


@pytest.mark.parametrize("prefix", PATHS)
def test_what_is_their_issuers_business_is_refused_in_words(prefix: str, served: Served, plain: Issuer) -> None:
    """They have no password here to change and no session to end: they are told so, and stay who they are."""
    with caller(served, plain.token(person="ana")) as client:
        change = {"password": "correct horse battery", "new_password": "another horse battery"}
        answers = {
            "password": client.post(f"{prefix}/password", json=change),
            "issuer": client.post(f"{prefix}/logout"),
            "log out there": client.post(f"{prefix}/logout-all"),
        }
        for words, answer in answers.items():
            assert answer.status_code in (403, 409) and words in answer.text, answer.text
        assert client.get(f"{prefix}/me").status_code == 200


def test_bad_tokens_are_refused_like_any_other(served: Served, plain: Issuer) -> None:
    """401 with the words that every wrong credential gets, which tell nothing of what was wrong."""

    def refusal(token: str) -> dict[str, Any]:
        with caller(served, token) as client:
            answer = client.get("/api/v2/auth/me")
        assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith("Bearer")
        problem: dict[str, Any] = answer.json()
        varying = ("trace_id", "request_id", "timestamp", "meta")
        return {name: value for name, value in problem.items() if name not in varying}

    nonsense = refusal("no.such.token")
    for flaw in ("none", "public_key", "stranger", "tampered", "unknown_kid"):
        assert refusal(plain.token("x", flaw=flaw)) == nonsense
    assert refusal(plain.token("x", iss=plain.issuer + "/")) == nonsense
    assert refusal(plain.token("x", lifetime=-1)) == nonsense
    assert refusal(plain.token("x", organisation="unknown")) == nonsense


def test_without_keys_the_answer_is_503(house: House) -> None:
    """While the issuer's keys cannot be had nobody can say who it is; other callers are served."""
    with running_oidc() as issuer:
        issuer.fault("hang", issuer.path("jwks"))
        said = json.dumps([terms(issuer, tenant="default", fetch_seconds=0.5)])
        with house(AUTH__ISSUERS=said) as served, caller(served, issuer.token("x")) as client:
            answer = client.get("/api/v2/auth/me")
            assert answer.status_code == 503 and int(answer.headers["retry-after"]) >= 1
            assert served.client.get("/api/v2/auth/me").status_code == 200
            issuer.fault("none")
            assert eventually(lambda: client.get("/api/v2/auth/me").status_code == 200)


def test_a_ticket_lets_them_listen_and_disabling_them_ends_it(served: Served, clerk: Issuer) -> None:
    """A browser's ticket opens a socket and a stream; both are closed once the person is disabled there."""
    with (
        caller(served, boss_of(clerk, "listening")) as boss,
        caller(served, boss_of(clerk, "listening", "noor")) as other,
    ):
        user = other.get("/api/v2/auth/me").json()["data"]["user_id"]
        tickets = [other.post("/api/v2/realtime/tickets").json()["data"]["ticket"] for _ in range(2)]
        with (
            socket(served.url, None, query={"ticket": tickets[0]}) as one,
            stream(served.url, "pets", None, query={"ticket": tickets[1]}) as events,
        ):
            one.subscribe("pets")
            events.events(1, "subscribed")
            disabled = boss.patch(f"/api/v2/users/{user}", json={"enabled": False}, headers={"If-Match": "*"})
            assert disabled.status_code == 200, disabled.text
            assert one.closed()[0] == 4401
            assert events.events(1, "closed")[0].data["code"] == 4401
        assert other.get("/api/v2/auth/me").status_code == 401


def test_a_connection_ends_with_its_token(served: Served, plain: Issuer) -> None:
    """Who opened a socket with a token is closed when it expires."""
    bearer = {"Authorization": f"Bearer {plain.token('expires', lifetime=3)}"}
    with socket(served.url, None, additional_headers=bearer) as one:
        one.subscribe("pets")
        assert one.closed() == (4401, "your credentials have ended")


def test_the_audit_log_says_who_let_them_in(served: Served, clerk: Issuer) -> None:
    """An organisation's administrator reads who came by which issuer; the platform's reads of the new tenant."""
    with caller(served, boss_of(clerk, "audited")) as boss:
        tenant = boss.get("/api/v2/auth/me").json()["data"]["tenant"]["id"]
        mine = boss.get("/api/v2/audit").json()["data"]
        assert [(entry["action"], entry["actor"]) for entry in mine] == [("user.created", f"issuer:{clerk.issuer}")]
    found = served.client.get("/api/v2/audit", params={"per_page": 100}).json()["data"]
    assert f"tenant:{tenant}" in [entry["subject"] for entry in found if entry["action"] == "tenant.created"]


def test_the_house_is_not_its_own_other_issuer(house: House) -> None:
    """Its own name in the list would let its tokens in by another way: the start is refused."""
    own = json.dumps([{"issuer": "https://api.example.org", "tenant": "default"}])
    with pytest.raises(StartRefused, match="ESTEIO_AUTH__ISSUERS"), house(AUTH__ISSUERS=own):
        pass
