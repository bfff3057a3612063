"""Invitations: mailed, answered once, by who reads the mail."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.auth.mails.post import PASSWORD, Office, body, refused, somebody
from tests.auth.mails.test_organizations import found, switched
from tests.house import NO_TLS

BASE = "/api/v2/invitations"


@pytest.fixture
def bakery(office: Office) -> httpx.Client:
    """The administrator of a new organisation."""
    ana = office.entered(office.register())
    return switched(office, ana, found(ana, "Bakery")["slug"])


def invited(office: Office, admin: httpx.Client, email: str, **members: Any) -> dict[str, Any]:
    """An invitation that was mailed."""
    answer = admin.post(BASE, json={"email": email, **members})
    assert answer.status_code == 201, answer.text
    office.work()
    made: dict[str, Any] = answer.json()["data"]
    return made


def answered(office: Office, verb: str, token: str, **members: Any) -> httpx.Response:
    return office.post(f"{BASE}/{verb}", {"token": token, **members})


class TestAccepted:
    def test_by_somebody_new(self, office: Office, bakery: httpx.Client) -> None:
        """Who has no account makes one with the token, is a member with the roles, and their address is confirmed."""
        email = somebody()
        made = invited(office, bakery, email, roles=["viewer"])
        (mail,) = office.mails(email)
        assert "Bakery" in str(mail["subject"])
        token = office.token(email)
        asked = answered(office, "look", token).json()["data"]
        assert (asked["organization"], asked["has_account"], asked["roles"]) == ("Bakery", False, ["viewer"])
        refused(answered(office, "accept", token), "PASSWORD_NEEDED")
        done = answered(office, "accept", token, password=PASSWORD, name="Bea")
        assert done.status_code == 200, done.text
        login = office.post("/auth/login", {"email": email, "password": PASSWORD, "tenant": asked["slug"]})
        assert login.status_code == 200, login.text
        bearer = {"Authorization": f"Bearer {login.json()['access_token']}"}
        me = office.served.anonymous.get("/auth/me", headers=bearer).json()
        assert (me["name"], me["roles"], me["email_verified"]) == ("Bea", ["viewer"], True)
        shown = bakery.get(f"{BASE}/{made['id']}").json()["data"]
        assert (shown["state"], shown["accepted_by"]) == ("accepted", me["user_id"])

    def test_by_somebody_with_an_account(self, office: Office, bakery: httpx.Client) -> None:
        """An account that exists becomes a member as it is: its password stays what it was."""
        email = office.register()
        assert office.confirm(office.token(email)).status_code == 200
        invited(office, bakery, email)
        token = office.token(email)
        asked = answered(office, "look", token).json()["data"]
        assert asked["has_account"]
        assert answered(office, "accept", token, password="another password entirely").status_code == 200
        bea = office.entered(email)
        assert switched(office, bea, asked["slug"]).get("/api/v2/auth/me").json()["data"]["roles"] == ["user"]

    def test_once(self, office: Office, bakery: httpx.Client) -> None:
        """Of many that answer with one token at once, one is heard; later ones are told that it is over."""
        email = somebody()
        invited(office, bakery, email)
        token = office.token(email)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: answered(office, "accept", token, password=PASSWORD), range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] + [422] * 7
        for verb in ("look", "accept", "decline"):
            refused(answered(office, verb, token), "MAIL_TOKEN_NOT_GOOD")

    def test_in_portuguese(self, office: Office, bakery: httpx.Client) -> None:
        """The mail is in the language of whoever invites."""
        email = somebody()
        bakery.post(BASE, json={"email": email}, headers={"Accept-Language": "pt-BR"})
        office.work()
        assert "convid" in body(office.mails(email)[-1]).lower()


class TestNotAccepted:
    def test_declined(self, office: Office, bakery: httpx.Client) -> None:
        """A declined invitation is over, and the organisation sees it."""
        email = somebody()
        made = invited(office, bakery, email)
        assert answered(office, "decline", office.token(email)).status_code == 204
        assert bakery.get(f"{BASE}/{made['id']}").json()["data"]["state"] == "declined"
        assert [row["id"] for row in bakery.get(BASE, params={"state": "declined"}).json()["data"]] == [made["id"]]

    def test_withdrawn(self, office: Office, bakery: httpx.Client) -> None:
        """A withdrawn invitation's token is good for nothing."""
        email = somebody()
        made = invited(office, bakery, email)
        assert bakery.delete(f"{BASE}/{made['id']}").status_code == 204
        refused(answered(office, "accept", office.token(email), password=PASSWORD), "MAIL_TOKEN_NOT_GOOD")
        assert bakery.delete(f"{BASE}/{made['id']}").status_code == 204

    def test_over(self, office: Office, bakery: httpx.Client) -> None:
        """After its days an invitation is over, and the address can be invited anew."""
        email = somebody()
        invited(office, bakery, email)
        token = office.token(email)
        refused(bakery.post(BASE, json={"email": email}), "INVITED_ALREADY", 409)
        office.served.sql("UPDATE invitations SET expires_at = now() - interval '1 day' WHERE email = $1", email)
        refused(answered(office, "accept", token, password=PASSWORD), "MAIL_TOKEN_NOT_GOOD")
        invited(office, bakery, email)

    def test_mailed_again(self, office: Office, bakery: httpx.Client) -> None:
        """Another mail has another token, and the one before is good no more."""
        email = somebody()
        made = invited(office, bakery, email)
        before = office.token(email)
        assert bakery.post(f"{BASE}/{made['id']}/resend").status_code == 200
        office.work()
        refused(answered(office, "look", before), "MAIL_TOKEN_NOT_GOOD")
        assert answered(office, "look", office.token(email)).status_code == 200

    def test_when_the_organisation_was_disabled(self, office: Office, bakery: httpx.Client) -> None:
        """Nobody comes into an organisation that is closed."""
        email = somebody()
        invited(office, bakery, email)
        tenant = bakery.get("/api/v2/organizations/current").json()["data"]["id"]
        office.served.client.patch(f"/api/v2/tenants/{tenant}", json={"enabled": False})
        refused(answered(office, "accept", office.token(email), password=PASSWORD), "MAIL_TOKEN_NOT_GOOD")


class TestWho:
    def test_nobody_gives_more_than_they_have(self, office: Office, bakery: httpx.Client) -> None:
        """Roles that hold more than who invites does cannot be given; unknown ones are named."""
        role = {"name": "inviter", "permissions": ["users:write", "users:read"]}
        assert bakery.post("/api/v2/roles", json=role).status_code == 201
        email = somebody()
        invited(office, bakery, email, roles=["inviter"])
        slug = answered(office, "accept", office.token(email), password=PASSWORD).json()["data"]["slug"]
        login = office.post("/auth/login", {"email": email, "password": PASSWORD, "tenant": slug}).json()
        bearer = {"Authorization": f"Bearer {login['access_token']}"}
        with httpx.Client(base_url=office.served.url, headers=bearer, verify=NO_TLS) as inviter:
            assert inviter.post(BASE, json={"email": somebody(), "roles": ["admin"]}).status_code == 403
            assert inviter.post(BASE, json={"email": somebody(), "roles": ["inviter"]}).status_code == 201
        refused(bakery.post(BASE, json={"email": somebody(), "roles": ["no-such"]}), "UNKNOWN_ROLE")

    def test_members_are_not_invited(self, office: Office, bakery: httpx.Client) -> None:
        """An address that is a member's is refused."""
        me = bakery.get("/api/v2/auth/me").json()["data"]["email"]
        refused(bakery.post(BASE, json={"email": me}), "EMAIL_TAKEN", 409)

    def test_another_organisation_sees_none(self, office: Office, bakery: httpx.Client) -> None:
        """Invitations are their organisation's alone."""
        made = invited(office, bakery, somebody())
        ana = office.entered(office.register())
        other = switched(office, ana, found(ana, "Other")["slug"])
        assert other.get(BASE).json()["data"] == []
        assert other.get(f"{BASE}/{made['id']}").status_code == 404
        assert other.delete(f"{BASE}/{made['id']}").status_code == 404
        assert other.post(f"{BASE}/{made['id']}/resend").status_code == 404

    def test_tokens_lie_nowhere_in_clear(self, office: Office, bakery: httpx.Client) -> None:
        """What the mail holds is in no table."""
        email = somebody()
        invited(office, bakery, email)
        token = office.token(email)
        for table in ("invitations", "mail_tokens", "account_letters", "jobs", "outbox", "audit_log"):
            assert not office.served.sql(f"SELECT 1 FROM {table} t WHERE t::text LIKE '%' || $1 || '%'", token)

    def test_the_audit_log_has_each_step(self, office: Office, bakery: httpx.Client) -> None:
        """Who invited, and who came, can be read later."""
        email = somebody()
        made = invited(office, bakery, email)
        answered(office, "accept", office.token(email), password=PASSWORD)
        actions = [
            row["action"]
            for row in bakery.get("/api/v2/audit", params={"per_page": 100}).json()["data"]
            if row["subject"] == f"invitation:{made['id']}"
        ]
        assert sorted(actions) == ["invitation.accepted", "invitation.created"]
