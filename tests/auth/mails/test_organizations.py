"""Organisations as people make, enter and leave them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from sqlalchemy import text

from esteio.auth.accounts import enter_account
from esteio.db.transaction import transaction
from tests.auth.mails.post import Office, refused
from tests.house import AMPLE, NO_TLS

BASE = "/api/v2/organizations"


def found(client: httpx.Client, name: str = "Bakery", **members: Any) -> dict[str, Any]:
    """A new organisation of the client."""
    answer = client.post(BASE, json={"name": name, **members})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()["data"]
    return made


def switched(office: Office, client: httpx.Client, slug: str) -> httpx.Client:
    """The client in another of its organisations."""
    answer = client.post("/api/v2/auth/switch", json={"organization": slug})
    assert answer.status_code == 200, answer.text
    bearer = {"Authorization": f"Bearer {answer.json()['data']['access_token']}"}
    return httpx.Client(base_url=office.served.url, headers=bearer, timeout=AMPLE, verify=NO_TLS)


class TestMade:
    def test_its_founder_administers_it_and_nothing_else(self, office: Office) -> None:
        """Who makes an organisation is its administrator there, and what they were before everywhere else."""
        ana = office.entered(office.register())
        made = found(ana, slug="ana-bakes")
        assert (made["slug"], made["roles"], made["current"]) == ("ana-bakes", ["admin"], False)
        there = switched(office, ana, "ana-bakes")
        me = there.get("/api/v2/auth/me").json()["data"]
        assert (me["tenant"]["slug"], me["roles"]) == ("ana-bakes", ["admin"])
        assert there.get("/api/v2/users").status_code == 200
        assert ana.get("/api/v2/users").status_code == 403
        assert there.get("/api/v2/tenants").status_code == 403
        assert there.get("/api/v2/limits").status_code == 403

    def test_it_is_listed_for_its_members_alone(self, office: Office) -> None:
        """A person sees the organisations they are in, and of others not even that they exist."""
        ana, bea = office.entered(office.register()), office.entered(office.register())
        made = found(ana, "Ana's own")
        listed = {row["slug"]: row for row in ana.get(BASE).json()["data"]}
        assert listed[made["slug"]]["roles"] == ["admin"]
        assert {row["current"] for row in listed.values()} == {True, False}
        assert made["slug"] not in {row["slug"] for row in bea.get(BASE).json()["data"]}
        for slug in (made["slug"], "no-such-organisation"):
            assert bea.post("/api/v2/auth/switch", json={"organization": slug}).status_code == 404
            assert bea.post(f"{BASE}/{slug}/leave").status_code == 404

    def test_a_repeated_request_makes_one(self, office: Office) -> None:
        """A request that is sent again with its Idempotency-Key is answered with the organisation that it made."""
        ana = office.entered(office.register())
        headers = {"Idempotency-Key": "my-first-organisation"}
        first, again = (ana.post(BASE, json={"name": "Once"}, headers=headers) for _ in range(2))
        assert first.status_code == again.status_code == 201
        assert first.json()["data"] == again.json()["data"]
        assert again.headers["idempotency-replayed"] == "true"
        place = first.headers["location"]
        assert ana.get(place).json()["data"] == first.json()["data"]
        assert len([row for row in ana.get(BASE).json()["data"] if row["name"] == "Once"]) == 1

    def test_a_name_leads_nowhere(self, office: Office) -> None:
        """A name that would put an address of the web into the subjects of mails is refused."""
        ana = office.entered(office.register())
        for name in ("Win at https://evil.example", "WWW.evil.example", "two\nlines", "x" * 101):
            answer = ana.post(BASE, json={"name": name})
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "name")

    def test_current_is_no_slug(self, office: Office) -> None:
        """The word that addresses have for one's own organisation is nobody's slug."""
        refused(office.entered(office.register()).post(BASE, json={"name": "X", "slug": "current"}), "SLUG_TAKEN", 409)

    def test_a_taken_slug(self, office: Office) -> None:
        """A slug is somebody's once; one is made of the name where none is named."""
        ana = office.entered(office.register())
        found(ana, slug="taken-slug")
        refused(ana.post(BASE, json={"name": "Other", "slug": "taken-slug"}), "SLUG_TAKEN", 409)
        assert found(ana, "Pão & Cia")["slug"].startswith("po-cia-")
        assert found(ana, "面包店")["slug"].startswith("org-")

    def test_no_more_than_the_operator_allows(self, office: Office) -> None:
        """However many requests come at once, a person administers five organisations at most beside their first."""
        ana = office.entered(office.register())
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda number: ana.post(BASE, json={"name": f"Org {number}"}), range(9)))
        assert sorted(answer.status_code for answer in answers) == [201] * 6 + [409] * 3

    def test_keys_and_strangers_make_none(self, office: Office) -> None:
        """An organisation is made by a signed-in person."""
        assert office.served.client.post(BASE, json={"name": "Of a key"}).status_code == 403
        assert office.served.anonymous.post(BASE, json={"name": "Of nobody"}).status_code == 401


class TestEntered:
    def test_both_logins_go_on(self, office: Office) -> None:
        """Changing over to another organisation ends nothing in the one before."""
        ana = office.entered(office.register())
        there = switched(office, ana, found(ana)["slug"])
        assert ana.get("/api/v2/auth/me").status_code == there.get("/api/v2/auth/me").status_code == 200
        assert there.post("/api/v2/auth/logout").status_code == 204
        assert ana.get("/api/v2/auth/me").status_code == 200

    def test_a_disabled_one_is_closed(self, office: Office) -> None:
        """An organisation that the operator has disabled is neither listed nor entered."""
        ana = office.entered(office.register())
        made = found(ana)
        place = f"/api/v2/tenants/{made['id']}"
        assert office.served.client.patch(place, json={"enabled": False}).status_code == 200
        assert made["slug"] not in {row["slug"] for row in ana.get(BASE).json()["data"]}
        assert ana.post("/api/v2/auth/switch", json={"organization": made["slug"]}).status_code == 404

    def test_it_is_renamed_by_who_may(self, office: Office) -> None:
        """Its administrator renames it, by the version that was read."""
        ana = office.entered(office.register())
        there = switched(office, ana, found(ana)["slug"])
        tag = there.get(f"{BASE}/current").headers["etag"]
        answer = there.patch(f"{BASE}/current", json={"name": "Padaria"}, headers={"If-Match": tag})
        assert (answer.status_code, answer.json()["data"]["name"]) == (200, "Padaria")
        assert there.patch(f"{BASE}/current", json={"name": "X"}, headers={"If-Match": tag}).status_code == 412
        assert ana.patch(f"{BASE}/current", json={"name": "X"}).status_code == 403


class TestLeft:
    def test_the_only_administrator_stays(self, office: Office) -> None:
        """An organisation is never left without an administrator."""
        ana = office.entered(office.register())
        made = found(ana)
        assert ana.post(f"{BASE}/{made['slug']}/leave").status_code == 409

    def test_who_leaves_is_out_at_once(self, office: Office) -> None:
        """Sessions in the organisation end with the membership; those elsewhere go on."""
        email = office.register()
        assert office.confirm(office.token(email)).status_code == 200
        ana, bea = office.entered(office.register()), office.entered(email)
        made = found(ana)
        there = switched(office, ana, made["slug"])
        body = {"email": email, "name": "Bea", "roles": ["user"]}
        assert there.post("/api/v2/users", json=body).status_code == 201
        inside = switched(office, bea, made["slug"])
        assert inside.post(f"{BASE}/{made['slug']}/leave").status_code == 204
        assert inside.get("/api/v2/auth/me").status_code == 401
        assert bea.get("/api/v2/auth/me").status_code == 200
        assert [row["email"] for row in there.get("/api/v2/users").json()["data"]] != [email]


class TestWalls:
    def test_what_names_a_person_shows_nothing_of_others(self, office: Office) -> None:
        """A transaction that names a person and no tenant sees their memberships alone, and can write none."""
        ana, bea = office.entered(office.register()), office.entered(office.register())
        found(ana), found(bea)
        user = ana.get("/api/v2/auth/me").json()["data"]["user_id"]

        async def look() -> tuple[set[str], int]:
            async with transaction(office.served.app.resources.database, None) as session:
                await enter_account(session, user)
                users = set(await session.scalars(text("SELECT user_id::text FROM memberships")))
                changed = await session.execute(text("UPDATE memberships SET name = 'x'"))
                return users, changed.rowcount  # type: ignore[attr-defined]

        users, changed = office.served.run(look)
        assert (users, changed) == ({user}, 0)
