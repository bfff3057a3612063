"""An issuer ruled while it runs: faults of its keys and its metadata, and the control port."""

from collections.abc import Iterator

import httpx
import pytest
from joserfc.errors import JoseError

from esteio.standins.oidc import Issuer, running_oidc
from tests.house import AMPLE, NO_TLS
from tests.standins.signing_in import read


@pytest.fixture(scope="module")
def running() -> Iterator[Issuer]:
    with running_oidc() as issuer:
        yield issuer


@pytest.fixture
def issuer(running: Issuer) -> Issuer:
    running.reset()
    return running


@pytest.fixture
def control(issuer: Issuer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=issuer.control_url, timeout=AMPLE, verify=NO_TLS) as client:
        yield client


def test_faults_of_its_keys(issuer: Issuer) -> None:
    """None, odd ones among them, ones without names: the well one is found where there is one."""
    token = issuer.token("s")
    seen = {}
    for fault in ("no_keys", "odd_keys", "unnamed_keys"):
        issuer.fault(fault, issuer.path("jwks"))
        seen[fault] = httpx.get(issuer.jwks_url, timeout=AMPLE).json()["keys"]
    assert seen["no_keys"] == []
    assert issuer.kids[0] in [key.get("kid") for key in seen["odd_keys"]]
    assert {key.get("kty") for key in seen["odd_keys"]} == {"RSA", "PQ", "oct", None}
    assert [{"kid", "alg"} & set(key) for key in seen["unnamed_keys"]] == [set()]
    assert httpx.get(issuer.discovery_url, timeout=AMPLE).json()["issuer"] == issuer.issuer
    issuer.fault("none")
    read(issuer.jwks_url, token)
    assert issuer.fetches == 4


@pytest.mark.parametrize("shape", ["generic", "auth0"])
def test_another_issuer_by_a_slash(shape: str) -> None:
    """Discovery names one that differs by its last slash only."""
    with running_oidc(shape) as issuer:
        issuer.fault("other_issuer")
        told = httpx.get(issuer.discovery_url, timeout=AMPLE).json()["issuer"]
    assert told != issuer.issuer
    assert told.rstrip("/") == issuer.issuer.rstrip("/")


def test_its_keys_are_away(issuer: Issuer) -> None:
    """Refused, too many requests, garbage, silence, slow: each for the keys alone or for all; tokens are minted on."""
    issuer.fault("rate_limited", issuer.path("jwks"))
    answer = httpx.get(issuer.jwks_url, timeout=AMPLE)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    issuer.fault("not_json", issuer.path("jwks"))
    assert httpx.get(issuer.jwks_url, timeout=AMPLE).text.startswith("<!DOCTYPE")
    issuer.fault("hang", issuer.path("jwks"))
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(issuer.jwks_url, timeout=httpx.Timeout(15, read=0.3))
    assert httpx.get(issuer.discovery_url, timeout=AMPLE).status_code == 200
    issuer.fault("slow", issuer.path("jwks"), seconds=0.5)
    assert httpx.get(issuer.jwks_url, timeout=AMPLE).json()["keys"]
    assert issuer.fetches == 4
    issuer.fault("refused")
    with pytest.raises(httpx.ConnectError):
        httpx.get(issuer.jwks_url, timeout=AMPLE)
    token = issuer.token("s")
    issuer.fault("none")
    read(issuer.jwks_url, token)


def test_tokens_by_the_control(issuer: Issuer, control: httpx.Client) -> None:
    """The same as in Python, by JSON."""
    wanted = {
        "subject": "s",
        "organisation": "acme",
        "role": "admin",
        "permissions": ["a:read"],
        "lifetime": 5,
        "claims": {"colour": "red", "jti": None},
        "headers": {"typ": "x"},
    }
    made = control.post("/tokens", json=wanted)
    assert made.status_code == 201
    token = read(issuer.jwks_url, made.json()["token"])
    assert (token.claims["org_slug"], token.claims["roles"], token.claims["colour"]) == ("acme", ["admin"], "red")
    assert (token.header["typ"], "jti" in token.claims) == ("x", False)
    flawed = control.post("/tokens", json={"flaw": "stranger"}).json()["token"]
    with pytest.raises(JoseError):
        read(issuer.jwks_url, flawed)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/tokens", {"sub": "s"}),
        ("/tokens", {"subject": 1}),
        ("/tokens", {"flaw": "nonsense"}),
        ("/tokens", {"lifetime": True}),
        ("/tokens", {"lifetime": 1e10}),
        ("/tokens", {"claims": []}),
        ("/tokens", {"algorithm": "HS256"}),
        ("/tokens", []),
        ("/keys", {"algorithm": "HS256"}),
        ("/keys", {"keep": 1}),
    ],
)
def test_what_the_control_refuses(control: httpx.Client, path: str, body: object) -> None:
    """What cannot be is 422, in words."""
    answer = control.post(path, json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_keys_and_clock_by_the_control(issuer: Issuer, control: httpx.Client) -> None:
    """It tells which keys there are and which signs, rotates, drops one, moves its clock; a reset undoes all."""
    before = control.get("/issuer").json()
    assert (before["issuer"], before["jwks"], before["shape"]) == (issuer.issuer, issuer.jwks_url, "generic")
    new = control.post("/keys", json={"algorithm": "ES256"}).json()
    assert (new["alg"], new["signs"]) == ("ES256", True)
    assert [one["signs"] for one in control.get("/issuer").json()["keys"]] == [False, True]
    assert control.delete(f"/keys/{before['keys'][0]['kid']}").status_code == 204
    assert control.delete("/keys/nobodys").status_code == 422
    assert issuer.kids == [new["kid"]]
    plain = read(issuer.jwks_url, issuer.token("s")).claims
    assert control.put("/clock", json={"ahead": 500}).json() == {"ahead": 500}
    assert 500 <= read(issuer.jwks_url, issuer.token("s")).claims["iat"] - plain["iat"] < 560
    assert control.delete("").status_code == 200
    assert control.get("/issuer").json() == before
    assert read(issuer.jwks_url, issuer.token("s")).claims["iat"] - plain["iat"] < 60
    assert control.get("/nothing").status_code == 404


def test_two_issuers_know_nothing_of_each_other(issuer: Issuer) -> None:
    """One has other keys, another name and its own count; a name of a key may be in both."""
    with running_oidc() as other:
        assert not set(other.kids) & set(issuer.kids)
        assert other.issuer != issuer.issuer
        httpx.get(other.jwks_url, timeout=AMPLE)
        assert (other.fetches, issuer.fetches) == (1, 0)
        assert other.rotate(kid=issuer.kids[0]) == issuer.kids[0]
        with pytest.raises(JoseError):
            read(issuer.jwks_url, other.token("s"))
