"""What people of another issuer, and those beside them, try that is not theirs."""

import json
from collections.abc import Iterator

import httpx
import pytest

from esteio.auth.oidc import provisioning
from esteio.standins.oidc import Issuer, running_oidc
from tests.auth.oidc.door import CLERK, terms
from tests.auth.oidc.test_house import LONG, boss_of, caller
from tests.conftest import House
from tests.house import AMPLE, NO_TLS, Served

ORGANIZATIONS = "/api/v2/organizations"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def clerk() -> Iterator[Issuer]:
    with running_oidc("clerk") as running:
        yield running


@pytest.fixture(scope="module")
def plain() -> Iterator[Issuer]:
    with running_oidc() as running:
        yield running


@pytest.fixture(scope="module")
def linking() -> Iterator[Issuer]:
    """Whose people with a verified address are those of ours who have it."""
    with running_oidc() as running:
        yield running


@pytest.fixture(scope="module")
def served(house: House, clerk: Issuer, plain: Issuer, linking: Issuer) -> Iterator[Served]:
    """A house whose operator has named tenants for the issuers' people that are not made yet."""
    issuers = [terms(clerk, **CLERK, organizations={"org_named": "named-one"}), terms(plain, tenant="staff")]
    issuers.append(terms(linking, tenant="default", link_verified_emails=True, role_map={"member": "user"}))
    with house(services=(), AUTH__ISSUERS=json.dumps(issuers), AUTH__FRESHNESS_SECONDS="0") as running:
        yield running


def person(served: Served, email: str) -> httpx.Client:
    """Somebody who registered."""
    body = {"email": email, "password": PASSWORD, "name": "Ana"}
    assert served.anonymous.post("/auth/register", json=body).status_code == 201
    login = served.anonymous.post("/auth/login", json={"email": email, "password": PASSWORD})
    bearer = {"Authorization": f"Bearer {login.json()['access_token']}"}
    return httpx.Client(base_url=served.url, headers=bearer, timeout=AMPLE, verify=NO_TLS)


def test_nobody_takes_a_tenant_that_is_named_for_others(served: Served, plain: Issuer) -> None:
    """A slug that the settings name for an issuer's people is no stranger's organisation, who would rule over them."""
    with person(served, "squatter@example.org") as squatter:
        for slug in ("staff", "named-one", "default"):
            answer = squatter.post(ORGANIZATIONS, json={"name": "Mine", "slug": slug})
            assert answer.status_code == 409, slug
            assert answer.json()["errors"][0]["code"] == "SLUG_TAKEN"
    with caller(served, plain.token(person="ana")) as ana:
        assert ana.get("/auth/me").status_code == 401
    assert served.client.post("/api/v2/tenants", json={"slug": "staff", "name": "Staff"}).status_code == 201
    with caller(served, plain.token(person="ana")) as ana:
        assert ana.get("/auth/me").json()["tenant"]["slug"] == "staff"


def test_they_make_no_organisation(served: Served, clerk: Issuer) -> None:
    """Who comes by another issuer makes no tenant by themselves, whatever the issuer may do."""
    with caller(served, boss_of(clerk, "maker-org")) as boss:
        assert boss.post(ORGANIZATIONS, json={"name": "Another"}).status_code == 403


def test_nobody_leaves_to_come_back_as_more(served: Served, plain: Issuer) -> None:
    """Who was made less here stays so: a membership that a token would make anew is not given up by its holder."""
    served.client.post("/api/v2/tenants", json={"slug": "staff", "name": "Staff"})
    with caller(served, plain.token(person="ana", lifetime=LONG)) as ana:
        me = ana.get("/auth/me").json()
        assert me.get("roles") == ["user"], me
        served.sql("UPDATE memberships SET roles = '{viewer}' WHERE user_id = $1", me["user_id"])
        assert ana.post(f"{ORGANIZATIONS}/staff/leave").status_code == 403
        assert ana.get("/auth/me").json()["roles"] == ["viewer"]


def test_the_platforms_administrator_stays_one(served: Served, linking: Issuer) -> None:
    """An issuer that cannot make administrators of the platform cannot unmake one who comes by it either."""
    body = {"email": "ana@example.org", "name": "Ana", "password": PASSWORD, "roles": ["admin"]}
    user = served.client.post("/api/v2/users", json=body).json()["data"]["id"]
    served.sql("UPDATE users SET email_verified_at = now() WHERE id = $1", user)
    with caller(served, linking.token(person="ana", lifetime=LONG)) as ana:
        me = ana.get("/auth/me").json()
        assert (me["user_id"], me["roles"]) == (user, ["user"])
        assert ana.get("/api/v2/tenants").status_code == 403
    login = served.anonymous.post("/auth/login", json={"email": "ana@example.org", "password": PASSWORD}).json()
    answer = served.anonymous.get("/auth/me", headers={"Authorization": f"Bearer {login['access_token']}"})
    assert "admin" in answer.json()["roles"]


@pytest.mark.parametrize("hidden", ["a\x00b", "a\ud800b", "a\nb"])
def test_ids_that_cannot_be_kept(served: Served, clerk: Issuer, hidden: str) -> None:
    """A subject or organisation that no table could hold is refused like any wrong token, and fails nothing."""
    for claims in ({"sub": hidden}, {"o": {"id": hidden, "rol": "admin"}}):
        token = clerk.token(person="maria", organisation="odd-org", lifetime=LONG, **claims)
        with caller(served, token) as odd:
            assert odd.get("/auth/me").status_code == 401


def test_new_organisations_come_at_a_bounded_pace(house: House, clerk: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who makes any number of organisations at an issuer does not make any number of tenants here."""
    monkeypatch.setattr(provisioning, "AT_ONCE", 3)
    monkeypatch.setattr(provisioning, "ONE_IN", 3600.0)
    with house(services=(), AUTH__ISSUERS=json.dumps([terms(clerk, **CLERK)])) as served:
        answers = []
        for number in range(5):
            with caller(served, boss_of(clerk, f"flood-{number}")) as boss:
                answers.append(boss.get("/auth/me"))
        assert [answer.status_code for answer in answers] == [200] * 3 + [503] * 2
        assert "Retry-After" in answers[-1].headers
        with caller(served, boss_of(clerk, "flood-0", "noor")) as noor:
            assert noor.get("/auth/me").status_code == 200
