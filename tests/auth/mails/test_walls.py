"""What somebody tries who wants to be let in as somebody else, or to keep what they have lost."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from esteio.standins.smtp import Sink
from tests.auth.mails.post import ANOTHER, PASSWORD, Office, opened, refused, somebody
from tests.auth.mails.test_invitations import answered, invited
from tests.auth.mails.test_organizations import found, switched
from tests.conftest import House
from tests.house import AMPLE, NO_TLS

INVITATIONS = "/api/v2/invitations"
USERS = "/api/v2/users"


@pytest.fixture
def slug() -> str:
    return somebody().partition("@")[0]


@pytest.fixture
def bakery(office: Office, slug: str) -> httpx.Client:
    """The administrator of a new organisation."""
    ana = office.entered(office.register())
    found(ana, "Bakery", slug=slug)
    return switched(office, ana, slug)


def member(office: Office, admin: httpx.Client, slug: str, *roles: str) -> httpx.Client:
    """Somebody who was invited and has come."""
    email = somebody()
    invited(office, admin, email, roles=list(roles))
    assert answered(office, "accept", office.token(email), password=PASSWORD).status_code == 200
    entered = office.post("/auth/login", {"email": email, "password": PASSWORD, "tenant": slug})
    bearer = {"Authorization": f"Bearer {entered.json()['access_token']}"}
    return httpx.Client(base_url=office.served.url, headers=bearer, timeout=AMPLE, verify=NO_TLS)


def number(client: httpx.Client) -> str:
    found: str = client.get("/auth/me").json()["user_id"]
    return found


class TestSomebodyElsesAddress:
    def test_who_sits_in_it_is_not_invited(self, office: Office, bakery: httpx.Client, slug: str) -> None:
        """Who registered an address that is not theirs is out once its owner answers an invitation, and gets no part
        of what the owner was invited to."""
        email = office.register()
        squatter = office.entered(email)
        invited(office, bakery, email, roles=["admin"])
        token = office.token(email)
        assert answered(office, "look", token).json()["data"]["has_account"] is False
        refused(answered(office, "accept", token), "PASSWORD_NEEDED")
        assert answered(office, "accept", token, password=ANOTHER).status_code == 200
        assert squatter.get("/auth/me").status_code == 401
        assert office.post("/auth/login", {"email": email, "password": PASSWORD, "tenant": slug}).status_code == 401
        login = office.post("/auth/login", {"email": email, "password": ANOTHER, "tenant": slug})
        assert login.status_code == 200, login.text
        assert office.audited("user.password_reset")

    def test_an_invitation_changes_no_confirmed_account(self, office: Office, bakery: httpx.Client) -> None:
        """The password of an account whose address was confirmed stays, and its sessions go on."""
        email = office.register()
        assert office.confirm(office.token(email)).status_code == 200
        bea = office.entered(email)
        invited(office, bakery, email)
        assert answered(office, "accept", office.token(email), password=ANOTHER).status_code == 200
        assert bea.get("/auth/me").status_code == 200
        assert office.login(email).status_code == 200

    def test_who_sits_in_it_is_not_added(self, office: Office, bakery: httpx.Client) -> None:
        """An account of elsewhere whose address nobody has confirmed is not let in by its address alone."""
        email = office.register()
        body = {"email": email, "name": "Bea", "roles": ["user"]}
        refused(bakery.post(USERS, json=body), "EMAIL_NOT_CONFIRMED", 409)
        assert office.confirm(office.token(email)).status_code == 200
        assert bakery.post(USERS, json=body).status_code == 201


class TestRightsThatWereLost:
    def test_an_invitation_of_who_is_gone(self, office: Office, bakery: httpx.Client, slug: str) -> None:
        """What somebody has invited to is over with their membership, until somebody else vouches for it."""
        bea = member(office, bakery, slug, "admin")
        email = somebody()
        made = invited(office, bea, email, roles=["admin"])
        assert bakery.delete(f"{USERS}/{number(bea)}").status_code == 204
        refused(answered(office, "accept", office.token(email), password=PASSWORD), "MAIL_TOKEN_NOT_GOOD")
        assert bakery.post(f"{INVITATIONS}/{made['id']}/resend").status_code == 200
        office.work()
        assert answered(office, "accept", office.token(email), password=PASSWORD).status_code == 200

    def test_a_role_that_has_grown(self, office: Office, bakery: httpx.Client, slug: str) -> None:
        """Who was invited to a role that has grown beyond who invited them does not get it by that invitation."""
        roles = {"inviter": ["users:write", "users:read"], "helper": ["users:read"]}
        for name, permissions in roles.items():
            body = {"name": name, "permissions": permissions}
            assert bakery.post("/api/v2/roles", json=body).status_code == 201
        bea, email = member(office, bakery, slug, "inviter"), somebody()
        invited(office, bea, email, roles=["helper"])
        grown = {"permissions": ["users:read", "keys:write"]}
        assert bakery.patch("/api/v2/roles/helper", json=grown).status_code == 200
        refused(answered(office, "accept", office.token(email), password=PASSWORD), "MAIL_TOKEN_NOT_GOOD")
        assert bakery.patch("/api/v2/roles/helper", json={"permissions": ["users:read"]}).status_code == 200
        assert answered(office, "accept", office.token(email), password=PASSWORD).status_code == 200

    def test_an_invitation_of_a_revoked_key(self, office: Office, bakery: httpx.Client) -> None:
        """What a key has invited to is over once the key is revoked."""
        key = bakery.post("/api/v2/keys", json={"name": "k", "scopes": ["*"]}).json()["data"]
        first, second = somebody(), somebody()
        with httpx.Client(base_url=office.served.url, headers={"X-API-Key": key["key"]}, verify=NO_TLS) as program:
            invited(office, program, first, roles=["viewer"])
            invited(office, program, second, roles=["viewer"])
        assert answered(office, "accept", office.token(first), password=PASSWORD).status_code == 200
        assert bakery.delete(f"/api/v2/keys/{key['id']}").status_code == 204
        refused(answered(office, "accept", office.token(second), password=PASSWORD), "MAIL_TOKEN_NOT_GOOD")


class TestTheLastAdministrator:
    def test_nobody_takes_the_role_from_the_only_one(self, office: Office, bakery: httpx.Client) -> None:
        """The only administrator is neither removed, disabled nor made something else, by themselves or by a key."""
        me = number(bakery)
        key = bakery.post("/api/v2/keys", json={"name": "k", "scopes": ["*"]}).json()["data"]["key"]
        program = httpx.Client(base_url=office.served.url, headers={"X-API-Key": key}, timeout=AMPLE, verify=NO_TLS)
        answers = [
            bakery.patch(f"{USERS}/{me}", json={"roles": ["user"]}),
            program.patch(f"{USERS}/{me}", json={"roles": ["viewer"]}),
            program.patch(f"{USERS}/{me}", json={"enabled": False}),
            program.delete(f"{USERS}/{me}"),
        ]
        assert [answer.status_code for answer in answers] == [409] * 4
        assert bakery.patch(f"{USERS}/{me}", json={"roles": ["user", "admin"], "name": "A"}).status_code == 200

    def test_two_who_put_one_another_out(self, office: Office, bakery: httpx.Client, slug: str) -> None:
        """Whatever two administrators do to one another at once, one of them is left."""
        for verb in ("remove", "demote", "leave"):
            bea = member(office, bakery, slug, "admin")
            mine, theirs = number(bakery), number(bea)

            def act(who: httpx.Client, other: str, verb: str = verb) -> int:
                if verb == "remove":
                    return who.delete(f"{USERS}/{other}").status_code
                if verb == "demote":
                    return who.patch(f"{USERS}/{other}", json={"roles": ["user"]}).status_code
                return who.post(f"/api/v2/organizations/{slug}/leave").status_code

            with ThreadPoolExecutor(2) as pool:
                done = list(pool.map(act, (bakery, bea), (theirs, mine)))
            assert min(done) < 300 <= max(done) < 500, (verb, done)
            left = office.served.sql(
                "SELECT user_id::text FROM memberships m JOIN tenants t ON t.id = m.tenant_id "
                "WHERE t.slug = $1 AND 'admin' = ANY (roles) AND m.disabled_at IS NULL",
                slug,
            )
            assert len(left) == 1, verb
            bakery = bakery if left[0]["user_id"] == mine else bea


class TestMailsToStrangers:
    def test_many_organisations_mail_no_more(self, office: Office) -> None:
        """However many organisations somebody makes, an address is mailed a bounded number of invitations a day."""
        victim, statuses = somebody(), []
        ana = office.entered(office.register())
        for _ in range(5):
            admin = switched(office, ana, found(ana)["slug"])
            for _ in range(5):
                made = admin.post(INVITATIONS, json={"email": victim})
                statuses.append(made.status_code)
                if made.status_code == 201:
                    admin.delete(f"{INVITATIONS}/{made.json()['data']['id']}")
        assert statuses == [201] * 20 + [429] * 5


def test_logins_by_changing_over_are_counted(house: House, sink: Sink) -> None:
    """Changing over begins a session that stays for months: it may be done as often as one may log in."""
    with opened(house, sink) as office:
        ana = office.entered(office.register())
        slug = found(ana)["slug"]
        answers = [ana.post("/api/v2/auth/switch", json={"organization": slug}).status_code for _ in range(7)]
        assert answers == [200] * 5 + [429] * 2
        assert office.served.sql("SELECT count(*) FROM sessions")[0]["count"] == 6
