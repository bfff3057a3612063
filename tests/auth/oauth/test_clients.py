"""A tenant's OAuth 2 clients: who may make them, what is shown of them, and what each change does to tokens."""

from uuid import uuid4

import httpx
import pytest

from tests.auth.oauth.party import CLIENTS, GRANT, Party, administrator, made, me
from tests.house import Served


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def changed(served: Served, party: Party, **members: object) -> None:
    answer = served.client.patch(f"{CLIENTS}/{party.id}", json=members)
    assert answer.status_code == 200, answer.text


def rotated(served: Served, party: Party, hours: float) -> Party:
    answer = served.client.post(f"{CLIENTS}/{party.id}/rotate", json={"overlap_hours": hours})
    assert answer.status_code == 201, answer.text
    return Party(party.url, party.id, party.client_id, answer.json()["data"]["client_secret"])


def works(party: Party) -> bool:
    return party.post("token", grant_type=GRANT).status_code == 200


class TestMaking:
    def test_the_secret_is_shown_once(self, served: Served) -> None:
        """The secret is in the answer that makes it, and neither in the database nor in any later answer."""
        party = made(served)
        one = served.client.get(f"{CLIENTS}/{party.id}")
        whole = one.text + served.client.get(CLIENTS).text + served.client.get("/api/v2/audit").text
        assert party.client_id in whole and party.secret not in whole
        assert one.json()["data"]["secrets"][0]["last_four"] == party.secret[-4:]
        for table in ("oauth_clients", "oauth_client_secrets", "oauth_secret_digests", "audit_log"):
            assert party.secret not in str(served.sql(f"SELECT t::text FROM {table} t"))

    def test_a_repeated_request_makes_one(self, served: Served) -> None:
        """The same Idempotency-Key gives the same client and secret again, stored so that only its sender reads it."""
        body, headers = {"name": "once", "scopes": ["pets:write"]}, {"Idempotency-Key": str(uuid4())}
        one, two = (served.client.post(CLIENTS, json=body, headers=headers) for _ in range(2))
        assert one.json()["data"] == two.json()["data"]
        assert two.headers["idempotency-replayed"] == "true"
        secret = one.json()["data"]["client_secret"].encode()
        rows = served.sql("SELECT answer FROM idempotency_records")
        assert rows and not [row for row in rows if secret in row["answer"]]

    def test_nobody_makes_one_that_can_do_more(self, served: Served) -> None:
        """A key that may make clients gives them what it holds itself, and can neither widen nor take one over."""
        strong = made(served, "pets:write", "pets:delete")
        with served.with_key(served.key("clients:write", "clients:read", "pets:write")) as weak:
            assert weak.post(CLIENTS, json={"name": "x", "scopes": ["pets:delete"]}).status_code == 403
            own = made(served, "pets:write", client=weak)
            assert weak.patch(f"{CLIENTS}/{own.id}", json={"scopes": ["pets:delete"]}).status_code == 403
            assert weak.patch(f"{CLIENTS}/{strong.id}", json={"enabled": False}).status_code == 403
            assert weak.post(f"{CLIENTS}/{strong.id}/rotate", json={}).status_code == 403
            assert weak.post(CLIENTS, json={"name": "x", "scopes": ["pets:write"], "plan": "p"}).status_code == 403

    @pytest.mark.parametrize("scopes", [[], ["*"], ["pets:write", "*"], ["nothing:known"], ["no scope"]])
    def test_scopes_are_named(self, served: Served, scopes: list[str]) -> None:
        """A client has scopes, which are declared permissions or all of one area, never everything."""
        assert served.client.post(CLIENTS, json={"name": "x", "scopes": scopes}).status_code == 422

    def test_no_client_of_a_tenant_reaches_the_platform(self, served: Served) -> None:
        """Not even its own administrator can give a tenant's client what is the platform's."""
        with administrator(served, "reaching") as boss:
            for scope in ("tenants:read", "limits:write", "signing:*"):
                assert boss.post(CLIENTS, json={"name": "x", "scopes": [scope]}).status_code == 403
            party = made(served, "users:read", client=boss)
        served.sql(
            "UPDATE oauth_clients SET scopes = '{tenants:read,users:read}' WHERE client_id = $1", party.client_id
        )
        assert me(served.url, party.token()).json()["permissions"] == ["users:read"]


class TestChanging:
    def test_a_change_is_conditional(self, served: Served) -> None:
        """If-Match of an old version is a 412 with the present client."""
        party = made(served)
        tag = served.client.get(f"{CLIENTS}/{party.id}").headers["etag"]
        changed(served, party, name="another")
        answer = served.client.patch(f"{CLIENTS}/{party.id}", json={"name": "third"}, headers={"If-Match": tag})
        assert answer.status_code == 412
        assert answer.json()["data"]["name"] == "another"

    def test_a_scope_that_is_taken_away_stops_working(self, served: Served) -> None:
        """A token keeps what the client still holds, and a wildcard that shrinks shrinks in tokens too."""
        party = made(served, "pets:*", "capsules:read")
        token = party.token()
        changed(served, party, scopes=["pets:write"])
        assert me(served.url, token).json()["permissions"] == ["pets:write"]
        changed(served, party, scopes=["pets:write", "outages:read"])
        assert me(served.url, token).json()["permissions"] == ["pets:write"]

    def test_a_disabled_client_comes_back(self, served: Served) -> None:
        """While it is disabled neither secret nor token works; enabled again, both do."""
        party = made(served)
        token = party.token()
        changed(served, party, enabled=False)
        assert not works(party) and me(served.url, token).status_code == 401
        changed(served, party, enabled=True)
        assert works(party) and me(served.url, token).status_code == 200

    def test_networks_hold_for_tokens(self, served: Served) -> None:
        """A token of a client that may not come from here any more is a 403."""
        party = made(served)
        token = party.token()
        changed(served, party, allowed_networks=["203.0.113.0/24"])
        assert me(served.url, token).status_code == 403

    def test_a_revoked_client_is_over(self, served: Served) -> None:
        """Secret and tokens are refused, nothing changes it any more, and revoking it again changes nothing."""
        party = made(served)
        token = party.token()
        assert served.client.delete(f"{CLIENTS}/{party.id}").status_code == 204
        assert not works(party) and me(served.url, token).status_code == 401
        assert code(served.client.patch(f"{CLIENTS}/{party.id}", json={"enabled": True})) == (409, "CONFLICT")
        assert code(served.client.post(f"{CLIENTS}/{party.id}/rotate", json={})) == (409, "CONFLICT")
        assert served.client.delete(f"{CLIENTS}/{party.id}").status_code == 204
        shown = served.client.get(f"{CLIENTS}/{party.id}").json()["data"]
        assert shown["revoked_at"] is not None and shown["secrets"] == []

    def test_a_disabled_tenant_ends_its_clients(self, served: Served) -> None:
        """The clients of a tenant that is disabled get no token, and theirs stop working."""
        with administrator(served, "closing") as boss:
            party = made(served, client=boss)
        token = party.token()
        tenant = served.sql("SELECT id FROM tenants WHERE slug = 'closing'")[0]["id"]
        served.client.patch(f"/api/v2/tenants/{tenant}", json={"enabled": False}).raise_for_status()
        assert not works(party) and me(served.url, token).status_code == 401

    def test_use_is_noted(self, served: Served) -> None:
        """When a client last got a token stands with it."""
        party = made(served)
        assert served.client.get(f"{CLIENTS}/{party.id}").json()["data"]["last_used_at"] is None
        party.token()
        assert served.client.get(f"{CLIENTS}/{party.id}").json()["data"]["last_used_at"] is not None

    def test_every_act_is_audited(self, served: Served) -> None:
        """Making, changing, rotating and revoking stand in the audit log, without a secret."""
        party = made(served)
        changed(served, party, name="audited")
        rotated(served, party, 1)
        served.client.delete(f"{CLIENTS}/{party.id}").raise_for_status()
        entries = served.sql("SELECT action FROM audit_log WHERE subject = $1 ORDER BY position", f"client:{party.id}")
        told = [row["action"] for row in entries]
        assert told == ["client.created", "client.changed", "client.rotated", "client.revoked"]


class TestRotation:
    def test_two_secrets_overlap(self, served: Served) -> None:
        """Old and new secret work until the overlap ends; tokens of the old one live on to their own end."""
        old = made(served)
        token = old.token()
        new = rotated(served, old, 1)
        assert works(old) and works(new)
        served.sql(
            "UPDATE oauth_client_secrets SET expires_at = now() - interval '1 s' "
            "WHERE owner = $1::text::uuid AND expires_at IS NOT NULL",
            old.id,
        )
        assert not works(old) and works(new)
        assert me(served.url, token).status_code == 200

    def test_a_third_is_refused(self, served: Served) -> None:
        """While two are valid another rotation is a 409, unless both end with it."""
        first = made(served)
        second = rotated(served, first, 1)
        again = served.client.post(f"{CLIENTS}/{first.id}/rotate", json={"overlap_hours": 1})
        assert code(again) == (409, "CONFLICT")
        third = rotated(served, first, 0)
        assert [works(party) for party in (first, second, third)] == [False, False, True]

    def test_without_overlap_tokens_end_too(self, served: Served) -> None:
        """A secret that leaked takes with it the tokens that it was exchanged for; those of the new one work."""
        old = made(served)
        token = old.token()
        assert me(served.url, token).status_code == 200
        new = rotated(served, old, 0)
        assert not works(old) and me(served.url, token).status_code == 401
        assert me(served.url, new.token()).status_code == 200


class TestTenants:
    def test_a_client_acts_in_its_own_tenant(self, served: Served) -> None:
        """What a tenant's client makes is that tenant's, and it sees nothing of another's."""
        pet = served.pet()
        with administrator(served, "walled") as boss:
            party = made(served, "pets:*", client=boss)
            headers = {"Authorization": f"Bearer {party.token()}"}
            own = served.anonymous.post("/api/v2/pets", json={"name": "W", "species": "cat"}, headers=headers)
            assert boss.get(f"/api/v2/pets/{own.json()['data']['id']}").status_code == 200
            assert boss.get(f"{CLIENTS}/{made(served).id}").status_code == 404
        assert served.client.get(f"/api/v2/pets/{own.json()['data']['id']}").status_code == 404
        assert served.anonymous.get(f"/api/v2/pets/{pet['id']}", headers=headers).status_code == 404
