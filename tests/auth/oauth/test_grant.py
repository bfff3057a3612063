"""A secret for an access token: as somebody else's library does it, and every way in which it is refused."""

import base64
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.auth.oauth.party import GRANT, Party, bearer, made, me
from tests.house import ADMIN_KEY, Served, altered

WELL_KNOWN = "/.well-known/oauth-authorization-server"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def refused(answer: httpx.Response, status: int, error: str) -> dict[str, Any]:
    """The body of a refusal, which has the form of RFC 6749, section 5.2, and is kept by nobody."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    body: dict[str, Any] = answer.json()
    assert body["error"] == error
    assert set(body) == {"error", "error_description", "error_uri"}
    assert body["error_description"].isascii() and '"' not in body["error_description"]
    assert ("www-authenticate" in answer.headers) == (status == 401)
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Basic ")
    return body


def asked(served: Served, body: str | bytes, **headers: str) -> httpx.Response:
    return served.anonymous.post("/oauth/token", content=body, headers={**FORM, **headers})


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
class TestLibrary:
    def test_it_gets_a_token_that_works(self, party: Party, method: str) -> None:
        """authlib finds the endpoint's answer good, and what it calls with the token is answered as the client."""
        with party.library(method) as library:
            token = library.fetch_token("/oauth/token", grant_type=GRANT)
            assert (token["token_type"], token["expires_in"]) == ("Bearer", 900)
            assert token["scope"] == "capsules:read pets:write"
            said = library.get("/auth/me").json()
            pet = library.post("/api/v2/pets", json={"name": "Rex", "species": "dog"})
        assert (said["id"], said["proof"]) == (f"client:{party.id}", "client")
        assert said["permissions"] == ["capsules:read", "pets:write"]
        assert pet.status_code == 201

    def test_it_revokes_and_introspects(self, served: Served, method: str) -> None:
        """authlib's revocation ends the token, and its introspection tells before and after."""
        with made(served, "pets:write", "tokens:introspect").library(method) as library:
            token = library.fetch_token("/oauth/token", grant_type=GRANT)["access_token"]
            assert library.introspect_token("/oauth/introspect", token).json()["active"] is True
            assert library.revoke_token("/oauth/revoke", token).status_code == 200
            assert library.introspect_token("/oauth/introspect", token).json() == {"active": False}
        assert me(served.url, token).status_code == 401


def test_the_metadata_is_what_the_endpoints_are(served: Served) -> None:
    """authlib accepts the document (RFC 8414), and each endpoint in it is one that answers."""
    answer = served.anonymous.get(WELL_KNOWN)
    assert answer.headers["cache-control"].startswith("public")
    said = answer.json()
    # The library takes an empty list for a missing one, though there is no type of response to be named.
    assert said["response_types_supported"] == []
    AuthorizationServerMetadata({**said, "response_types_supported": ["none"]}).validate()
    assert said["grant_types_supported"] == [GRANT]
    assert "pets:write" in said["scopes_supported"] and "keys:write" not in said["scopes_supported"]
    for name in ("token_endpoint", "revocation_endpoint", "introspection_endpoint"):
        path = said[name].removeprefix(said["issuer"])
        refused(served.anonymous.post(path, data={"token": "x"}), 401, "invalid_client")
    assert served.anonymous.get(said["jwks_uri"].removeprefix(said["issuer"])).status_code == 200


def test_the_token_is_a_jwt_that_others_verify(served: Served, party: Party) -> None:
    """The token is ES256 with the published keys and has every claim that RFC 9068 demands."""
    keys = KeySet.import_key_set(served.anonymous.get("/.well-known/jwks.json").json())
    token = jwt.decode(party.token("pets:write"), keys, algorithms=["ES256"])
    claims = token.claims
    jwt.JWTClaimsRegistry(exp={"essential": True}, iat={"essential": True}).validate(claims)
    assert token.header["typ"] == "at+jwt"
    assert claims["iss"] == "https://api.example.org"
    assert (claims["sub"], claims["client_id"]) == (f"client:{party.id}", party.client_id)
    assert (claims["scope"], claims["aud"]) == ("pets:write", "esteio")
    assert {"exp", "iat", "jti", "tenant"} <= set(claims)


def test_the_answer_is_kept_by_nobody(party: Party) -> None:
    """A token's answer forbids every cache to keep it."""
    answer = party.post("token", grant_type=GRANT)
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert set(answer.json()) == {"access_token", "token_type", "expires_in", "scope"}


def test_basic_credentials_are_form_encoded_first(served: Served, party: Party) -> None:
    """A client that percent-encodes every character of its id and secret, as RFC 6749 allows, is known."""
    written = ["".join(f"%{byte:02X}" for byte in text.encode()) for text in (party.client_id, party.secret)]
    assert asked(served, f"grant_type={GRANT}", **basic(*written)).status_code == 200


def test_a_scope_is_part_of_what_the_client_holds(party: Party) -> None:
    """The token of one scope has it alone; an empty scope is none, which means all; an unheld one is refused."""
    assert party.post("token", grant_type=GRANT, scope="pets:write").json()["scope"] == "pets:write"
    assert party.post("token", grant_type=GRANT, scope="").json()["scope"] == "capsules:read pets:write"
    for scope in ("pets:delete", "pets:write pets:delete", "*", "pets:*", "nothing", "pets:write  capsules:read"):
        refused(party.post("token", grant_type=GRANT, scope=scope), 400, "invalid_scope")


def test_a_wildcard_covers_its_area(served: Served) -> None:
    """A client that holds `pets:*` may ask for `pets:write`, and its token can do no more."""
    token = made(served, "pets:*").token("pets:write")
    assert me(served.url, token).json()["permissions"] == ["pets:write"]


def test_a_token_without_the_scope_is_refused(served: Served, party: Party) -> None:
    """What the client may do and the token does not say is a 403 that names it."""
    headers = bearer(party.token("capsules:read"))
    answer = served.anonymous.patch(f"/api/v2/pets/{served.pet()['id']}", json={"name": "Max"}, headers=headers)
    assert answer.status_code == 403
    assert "pets:write" in answer.json()["detail"]


class TestRefusals:
    def test_the_grant(self, party: Party) -> None:
        """Without a grant the request is malformed; another than client_credentials is not supported."""
        refused(party.post("token"), 400, "invalid_request")
        for other in ("password", "authorization_code", "CLIENT_CREDENTIALS"):
            refused(party.post("token", grant_type=other), 400, "unsupported_grant_type")

    def test_no_client(self, served: Served, party: Party) -> None:
        """Nobody, a client without secret, and another scheme are all told to authenticate by Basic."""
        body = f"grant_type={GRANT}"
        refused(asked(served, body), 401, "invalid_client")
        refused(asked(served, f"{body}&client_id={party.client_id}"), 401, "invalid_client")
        for said in ("Bearer x", "Basic", "Basic !!!", "Basic bm9jb2xvbg==", "Basic /w==", "Digest a"):
            refused(asked(served, body, Authorization=said), 401, "invalid_client")

    def test_both_ways_at_once(self, served: Served, party: Party) -> None:
        """A secret in the body beside Basic is refused, and so is another client's id; the same id is not."""
        both = basic(party.client_id, party.secret)
        body = f"grant_type={GRANT}&client_id={party.client_id}"
        refused(asked(served, f"{body}&client_secret={party.secret}", **both), 400, "invalid_request")
        refused(asked(served, f"{body}x", **both), 400, "invalid_request")
        assert asked(served, body, **both).status_code == 200

    def test_an_unknown_client_is_told_what_a_wrong_secret_is(self, served: Served, party: Party) -> None:
        """Both get the same bytes, the same status and the same fields, save those that differ with every request."""
        volatile = {"date", "x-request-id"}

        def seen(client_id: str, secret: str) -> tuple[int, dict[str, str], bytes]:
            answer = asked(served, f"grant_type={GRANT}", **basic(client_id, secret))
            refused(answer, 401, "invalid_client")
            shown = {name: value for name, value in answer.headers.items() if name not in volatile}
            return answer.status_code, shown, answer.content

        other = altered(party.client_id, -1)
        assert seen(party.client_id, party.secret[:-1] + "_") == seen(other, party.secret)
        assert seen(party.client_id, "x") == seen("nobody", "x")

    @pytest.mark.parametrize(
        "body",
        [
            f"grant_type={GRANT}&grant_type={GRANT}",
            f"grant_type={GRANT}&scope=pets:write&scope=",
            f"grant_type={GRANT}&scope=%FF",
            f"grant_type={GRANT}&scope=\xff",
            f"grant_type={GRANT}" + "&a=1" * 31,
            "",
        ],
    )
    def test_a_malformed_body(self, served: Served, party: Party, body: str) -> None:
        """Repeated parameters, other bytes than UTF-8 and too many of them are a malformed request."""
        answer = asked(served, body.encode("latin-1"), **basic(party.client_id, party.secret))
        refused(answer, 400, "invalid_request")

    def test_another_form(self, served: Served, party: Party) -> None:
        """JSON is refused, and so are parameters in the address, where logs would keep a secret."""
        who = basic(party.client_id, party.secret)
        refused(served.anonymous.post("/oauth/token", json={"grant_type": GRANT}, headers=who), 400, "invalid_request")
        secret = quote(party.secret)
        answer = served.anonymous.post(
            f"/oauth/token?client_id={party.client_id}&client_secret={secret}", data={"grant_type": GRANT}
        )
        refused(answer, 400, "invalid_request")

    def test_another_method(self, served: Served) -> None:
        """A GET, whose address would be kept, is a 405 that names POST."""
        answer = served.anonymous.get("/oauth/token", params={"grant_type": GRANT})
        refused(answer, 405, "invalid_request")
        assert "POST" in answer.headers["allow"]

    def test_a_large_body(self, served: Served, party: Party) -> None:
        """More than 16 KiB is not read."""
        body = f"grant_type={GRANT}&x=" + "x" * 16_384
        refused(asked(served, body, **basic(party.client_id, party.secret)), 413, "invalid_request")

    def test_an_api_key_is_no_client(self, served: Served) -> None:
        """A key of the house that comes along proves nothing at the token endpoint."""
        refused(asked(served, f"grant_type={GRANT}", **{"X-API-Key": ADMIN_KEY}), 401, "invalid_client")

    def test_from_another_network(self, served: Served) -> None:
        """A client that may not come from this address is refused, with a right secret only in words of its own."""
        bound = made(served, allowed_networks=["203.0.113.0/24"])
        refused(bound.post("token", grant_type=GRANT), 400, "unauthorized_client")
        wrong = Party(bound.url, bound.id, bound.client_id, "wrong")
        refused(wrong.post("token", grant_type=GRANT), 401, "invalid_client")


class TestWhatAClientIsNot:
    def test_it_has_no_account(self, served: Served, party: Party) -> None:
        """What needs a signed-in user is a 403 that says so."""
        headers = bearer(party.token())
        change = {"password": "x", "new_password": "another good password"}
        for path, body in (("/auth/password", change), ("/auth/logout-all", None)):
            answer = served.anonymous.post(path, json=body, headers=headers)
            assert answer.status_code == 403, path
            assert "client has no account" in answer.json()["detail"]

    def test_it_administers_nothing_it_was_not_given(self, served: Served, party: Party) -> None:
        """Without a scope for them clients, keys, tenants and signing keys are out of its reach."""
        headers = bearer(party.token())
        for path in ("oauth-clients", "keys", "tenants", "signing-keys", "users", "audit"):
            assert served.anonymous.get(f"/api/v2/{path}", headers=headers).status_code == 403, path

    def test_its_token_is_no_refresh_token_or_key(self, served: Served, party: Party) -> None:
        """Neither secret nor client id proves anything where keys and tokens do."""
        for text in (party.secret, party.client_id):
            assert me(served.url, text).status_code == 401
            assert served.anonymous.get("/auth/me", headers={"X-API-Key": text}).status_code == 401
