"""What an issuer's tokens say in each shape, and what a verifier that is not ours makes of their signatures."""

import base64
import hmac
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from esteio.standins.oidc import Issuer, running_oidc
from esteio.standins.oidc.minting import FLAWS
from tests.house import AMPLE
from tests.standins.signing_in import ROOMY, read

NOW = 1_800_000_000
PERMISSIONS = ("invoices:read", "invoices:write", "users:read")


@pytest.fixture(scope="module")
def running() -> Iterator[Issuer]:
    with running_oidc(algorithms=("RS256", "ES256", "EdDSA", "PS256")) as issuer:
        yield issuer


@pytest.fixture
def issuer(running: Issuer) -> Issuer:
    """As at its start, with a key of each algorithm."""
    running.reset()
    return running


def claims(issuer: Issuer, **wanted: Any) -> dict[str, Any]:
    """Those of a token that stood the check of its signature."""
    return dict(read(issuer.jwks_url, issuer.token(**wanted)).claims)


def kid(token: str) -> str | None:
    return unchecked(token)[0].get("kid")


def unchecked(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    head, body, _ = token.split(".")
    return json.loads(decoded(head)), json.loads(decoded(body))


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "==")


def published(issuer: Issuer, *names: str) -> dict[str, Any]:
    """The key set, of these keys only."""
    keys = httpx.get(issuer.jwks_url, timeout=AMPLE).json()["keys"]
    return {"keys": [key for key in keys if key["kid"] in names]}


def test_a_session_token_of_clerk() -> None:
    """Version 2 has the organisation in `o` without `org:`, with a number of bits for each feature; no `aud`."""
    with running_oidc("clerk", clock=lambda: NOW, origin="https://shop.example.org") as issuer:
        said = claims(issuer, subject="user_1", organisation="acme", role="admin", permissions=PERMISSIONS)
    assert said.pop("sid").startswith("sess_")
    said.pop("jti")
    assert said == {
        "iss": issuer.issuer,
        "sub": "user_1",
        "azp": "https://shop.example.org",
        "iat": NOW,
        "nbf": NOW - 10,
        "exp": NOW + 60,
        "fva": [0, -1],
        "sts": "active",
        "v": 2,
        "pla": "u:free",
        "fea": "o:invoices,o:users",
        "o": {"id": "org_acme", "slg": "acme", "rol": "admin", "per": "read,write", "fpm": "3,1"},
    }


def test_a_session_token_of_clerk_as_it_was() -> None:
    """Version 1 has it flat, with `org:`, and says no version."""
    with running_oidc("clerk", version=1) as issuer:
        said = claims(issuer, subject="user_1", organisation="acme", permissions=PERMISSIONS[:1])
        alone = claims(issuer, subject="user_1")
    flat = {name: said[name] for name in said if name.startswith("org_")}
    assert flat == {
        "org_id": "org_acme",
        "org_slug": "acme",
        "org_role": "org:member",
        "org_permissions": ["org:invoices:read"],
    }
    assert not {"o", "v", "fea"} & set(said)
    assert not {name for name in alone if name.startswith("o")}


def test_an_access_token_of_auth0() -> None:
    """The issuer ends with a slash, `aud` is a list, permissions are one too, and nothing tells of a session."""
    with running_oidc("auth0", audience="https://api.example.org") as issuer:
        said = claims(issuer, subject="auth0|1", organisation="acme", permissions=PERMISSIONS)
    assert said["iss"].endswith("/")
    assert said["aud"] == ["https://api.example.org", said["iss"] + "userinfo"]
    assert (said["org_id"], said["org_name"], said["azp"]) == ("org_acme", "acme", "esteio-web")
    assert said["permissions"] == [*PERMISSIONS]
    assert said["scope"].split()[0] == "openid"
    assert (said["exp"] - said["iat"], "sid" in said) == (86_400, False)


def test_an_access_token_of_keycloak() -> None:
    """Realm in the issuer, roles of realm and client, the organisation by name; a key for encryption beside."""
    with running_oidc("keycloak", realm="sales", client="shop") as issuer:
        said = claims(issuer, subject="u-1", organisation="acme", role="admin", permissions=("read",))
        keys = httpx.get(issuer.jwks_url, timeout=AMPLE).json()["keys"]
    assert said["iss"] == issuer.url + "/realms/sales"
    assert (said["aud"], said["azp"], said["typ"]) == ("account", "shop", "Bearer")
    assert "admin" in said["realm_access"]["roles"]
    assert said["resource_access"]["shop"]["roles"] == ["admin", "read"]
    assert [*said["organization"]] == ["acme"]
    assert said["organization"]["acme"]["id"]
    assert [key["use"] for key in keys] == ["sig", "enc"]


@pytest.mark.parametrize("shape", ["generic", "clerk", "auth0", "keycloak"])
def test_sample_people(shape: str) -> None:
    """One who is named acts in their organisation, as when they sign in; a bare subject has no profile and none."""
    with running_oidc(shape) as issuer:
        people = httpx.get(issuer.control_url + "/people", timeout=AMPLE).json()
        named = {one["key"]: claims(issuer, person=one["key"]) for one in people}
        bare = claims(issuer, subject="somebody")
        assert claims(issuer)["sub"] == named["ana"]["sub"]
    assert {one["key"]: one["sub"] for one in people} == {key: said["sub"] for key, said in named.items()}
    assert len({said["sub"] for said in named.values()}) == 4
    assert [key for key, said in named.items() if "acme" in str(said)] == ["bento", "maria"]
    assert "email" not in bare
    assert not {"o", "org_id", "organization", "roles"} & set(bare)


def test_any_claims_and_headers(issuer: Issuer) -> None:
    """What is told is said, None leaves out, `more` reaches names that are taken, `bare` says nothing else."""
    token = issuer.token(
        "s", aud=["a", "b"], jti=None, headers={"typ": "at+jwt", "kid": None, "x": 1}, more={"role": "r", "skew": 2}
    )
    headers, said = unchecked(token)
    assert headers == {"alg": "RS256", "typ": "at+jwt", "x": 1}
    assert (said["aud"], said["role"], said["skew"]) == (["a", "b"], "r", 2)
    assert "jti" not in said
    assert claims(issuer, bare=True, sub=None, exp="soon") == {"sub": None, "exp": "soon"}


def test_times(issuer: Issuer) -> None:
    """Lifetime and skew in seconds, both also below 0; the issuer's own clock is ahead for all that follow."""
    plain = claims(issuer, subject="s")
    assert (plain["nbf"], plain["exp"] - plain["iat"]) == (plain["iat"], 3600)
    ended = claims(issuer, subject="s", lifetime=-60)
    assert ended["exp"] - ended["iat"] == -60
    for skew, tells in ((300, 0), (-300, 0), (0, 300)):
        issuer.ahead(tells)
        moved = claims(issuer, subject="s", skew=skew)
        assert 0 <= moved["iat"] - plain["iat"] - skew - tells < 60
        assert moved["exp"] - moved["iat"] == 3600


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA", "PS256"])
def test_algorithms(issuer: Issuer, algorithm: str) -> None:
    """Each is signed by its own key, published for it; a sign-in's too once that key is the newest."""
    token = issuer.token("s", algorithm=algorithm)
    headers = read(issuer.jwks_url, token).header
    assert headers["alg"] == algorithm
    assert [key["alg"] for key in published(issuer, headers["kid"])["keys"]] == [algorithm]
    assert issuer.rotate(algorithm) == kid(issuer.token("s"))


def test_an_algorithm_that_the_key_is_not_published_for(issuer: Issuer) -> None:
    """RS512 by a key for RS256 is made, what no key can do is not."""
    token = issuer.token("s", algorithm="RS512")
    assert (unchecked(token)[0]["alg"], kid(token)) == ("RS512", issuer.kids[0])
    for algorithm in ("ES384", "HS256", "none"):
        with pytest.raises(ValueError, match="sign"):
            issuer.token("s", algorithm=algorithm)


def test_rotation(issuer: Issuer) -> None:
    """A new key signs at once; the former one is kept or dropped, and signs on when asked to."""
    first = issuer.token("s")
    second = issuer.rotate()
    assert kid(issuer.token("s")) == second == issuer.kids[-1]
    read(issuer.jwks_url, first)
    third = issuer.rotate(keep=False)
    assert (second in issuer.kids, third in issuer.kids) == (False, True)
    gone = issuer.token("s", kid=second)
    assert kid(gone) == second
    with pytest.raises(JoseError):
        read(issuer.jwks_url, gone)
    issuer.withdraw(third)
    with pytest.raises(JoseError):
        read(issuer.jwks_url, issuer.token("s"))
    assert issuer.rotate(keep=False) == issuer.kids[-1]
    for unknown in (issuer.withdraw, lambda name: issuer.token("s", kid=name)):
        with pytest.raises(ValueError, match="nobodys"):
            unknown("nobodys")
    issuer.reset()
    assert kid(issuer.token("s")) == kid(first)


def test_a_key_under_a_name_that_is_taken(issuer: Issuer) -> None:
    """The same `kid` names another key: what the former signed no longer fits."""
    former = issuer.token("s")
    name = kid(former)
    assert issuer.rotate(kid=name, keep=False) == name
    assert kid(issuer.token("s")) == name
    read(issuer.jwks_url, issuer.token("s"))
    with pytest.raises(JoseError):
        read(issuer.jwks_url, former)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
@pytest.mark.parametrize("flaw", [*FLAWS])
def test_flaws(issuer: Issuer, flaw: str, algorithm: str) -> None:
    """No flawed token fits a published key, save one without `kid`, which fits the key that it does not name."""
    issuer.rotate(algorithm, keep=False)
    token = issuer.token("s", flaw=flaw, colour="red")
    headers, said = unchecked(token)
    assert said["colour"] == "red"
    if flaw == "no_kid":
        assert "kid" not in headers
        jwt.decode(token, KeySet.import_key_set(published(issuer, issuer.kids[-1])), registry=ROOMY)
        return
    with pytest.raises((JoseError, ValueError)):
        read(issuer.jwks_url, token)
    assert headers["alg"] == {"none": "none", "public_key": "HS256"}.get(flaw, algorithm)
    assert (headers.get("kid") in issuer.kids) == (flaw not in ("none", "unknown_kid"))
    assert ("jwk" in headers) == (flaw == "embedded_key")


def test_forged_tokens_are_no_mere_nonsense(issuer: Issuer) -> None:
    """Who takes HS256 with the published PEM would believe the one, who takes the key that comes along the other."""
    [own] = published(issuer, issuer.kids[0])["keys"]
    head, body, signature = issuer.token("s", flaw="public_key").split(".")
    pem = RSAKey.import_key(own).as_pem(private=False)
    assert decoded(signature) == hmac.digest(pem, f"{head}.{body}".encode(), "sha256")
    token = issuer.token("s", flaw="embedded_key")
    jwt.decode(token, RSAKey.import_key(unchecked(token)[0]["jwk"]), registry=ROOMY)


def test_a_flaw_or_a_person_that_is_unknown(issuer: Issuer) -> None:
    """Both are refused with the names there are."""
    with pytest.raises(ValueError, match="embedded_key"):
        issuer.token("s", flaw="nonsense")
    with pytest.raises(ValueError, match="maria"):
        issuer.token(person="nobody")


@pytest.mark.parametrize(
    "terms", [{"shape": "okta"}, {"algorithms": ()}, {"algorithms": ("HS256",)}, {"shape": "clerk", "version": 3}]
)
def test_terms_that_cannot_be(terms: dict[str, Any]) -> None:
    """An unknown shape, algorithm or version is refused before it runs."""
    with pytest.raises(ValueError, match=r"there|algorithms|version"), running_oidc(**terms):
        pass
