"""Signing in at an issuer over HTTP, by a client of others' making; and what it refuses."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.integrations.base_client import OAuthError
from authlib.oidc.discovery import OpenIDProviderMetadata

from esteio.standins.oidc import Issuer, running_oidc
from tests.house import AMPLE
from tests.standins.signing_in import BACK, Visitor, visiting

SHAPES = {
    "generic": ("", "", "/jwks"),
    "clerk": ("", "", "/.well-known/jwks.json"),
    "auth0": ("", "/", "/.well-known/jwks.json"),
    "keycloak": ("/realms/esteio", "/realms/esteio", "/realms/esteio/protocol/openid-connect/certs"),
}


@pytest.fixture(scope="module", params=SHAPES)
def running(request: pytest.FixtureRequest) -> Iterator[Issuer]:
    with running_oidc(request.param) as issuer:
        yield issuer


@pytest.fixture
def issuer(running: Issuer, monkeypatch: pytest.MonkeyPatch) -> Issuer:
    """As at its start, of each shape in turn; authlib is allowed to speak plain HTTP."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    running.reset()
    return running


@pytest.fixture
def visitor(issuer: Issuer) -> Iterator[Visitor]:
    with visiting(issuer) as visitor:
        yield visitor


def told(location: str) -> dict[str, str]:
    """The parameters that a client came back with."""
    assert location.startswith(BACK + "?"), location
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def test_what_it_tells_of_itself(issuer: Issuer, visitor: Visitor) -> None:
    """The document stands authlib's check, names this issuer to the letter, and leads to its keys."""
    OpenIDProviderMetadata(visitor.metadata).validate()
    base, tail, jwks = SHAPES[issuer.shape]
    assert visitor.metadata["issuer"] == issuer.issuer == issuer.url + tail
    assert issuer.discovery_url == f"{issuer.url}{base}/.well-known/openid-configuration"
    assert visitor.metadata["jwks_uri"] == issuer.jwks_url == issuer.url + jwks
    assert visitor.metadata["code_challenge_methods_supported"] == ["S256"]
    keys = httpx.get(issuer.jwks_url, timeout=AMPLE).json()["keys"]
    assert [key["kid"] for key in keys if key["use"] == "sig"] == issuer.kids
    assert not {"d", "p", "q", "k"} & {name for key in keys for name in key}
    assert (issuer.fetches, issuer.discoveries) == (1, 1)


def test_someone_signs_in(issuer: Issuer, visitor: Visitor) -> None:
    """Code, tokens, profile: state, nonce, `at_hash` and signature stand a foreign library's checks."""
    back = visitor.back(login_hint="maria@example.org")
    assert (told(back)["state"], told(back)["iss"]) == (visitor.state, issuer.issuer)
    tokens = visitor.tokens(back)
    assert tokens["token_type"] == "Bearer"
    identity = visitor.checked(tokens)
    assert (identity["email"], identity["email_verified"], identity["name"]) == (
        "maria@example.org",
        True,
        "Maria Alves",
    )
    access = visitor.read(tokens["access_token"]).claims
    assert (access["iss"], access["sub"]) == (issuer.issuer, identity["sub"])
    assert access["exp"] - access["iat"] == tokens["expires_in"]
    held = {"Authorization": f"Bearer {tokens['access_token']}"}
    profile = httpx.get(visitor.metadata["userinfo_endpoint"], headers=held, timeout=AMPLE).json()
    assert (profile["sub"], profile["email"]) == (identity["sub"], "maria@example.org")


def test_the_page_lets_one_choose(visitor: Visitor) -> None:
    """Without a hint a page names the people; each link signs that one in, the last refuses."""
    page = httpx.get(visitor.begin(), timeout=AMPLE)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    links = [unescape(link) for link in re.findall(r'<a [^>]*href="([^"]+)"', page.text)]
    assert len(links) == 5
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(visitor.begin()))
    came = [told(httpx.get(origin + link, timeout=AMPLE).headers["location"]) for link in links]
    assert [one.get("error") for one in came] == [None] * 4 + ["access_denied"]
    assert len({one["code"] for one in came[:4]}) == 4
    assert len({one["state"] for one in came}) == 1


def test_what_a_page_is_told_is_no_html(visitor: Visitor) -> None:
    """A client's words stand on the page as words."""
    visitor.client.client_id = "<script>alert(1)</script>"
    assert "<script>" not in httpx.get(visitor.begin(), timeout=AMPLE).text


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_a_request_that_is_refused_by_way_of_the_client(visitor: Visitor, changed: dict[str, str], error: str) -> None:
    """The client hears why, with its state, and gets no code."""
    url = httpx.URL(visitor.begin()).copy_merge_params(changed)
    came = told(httpx.get(url, timeout=AMPLE).headers["location"])
    assert (came["error"], came["state"]) == (error, visitor.state)
    assert "code" not in came


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://elsewhere.example.org/"},
        {"redirect_uri": "http://localhost@elsewhere.example.org/"},
        {"redirect_uri": "javascript:alert(1)//localhost"},
        {"redirect_uri": "/callback"},
        {"redirect_uri": ""},
        {"client_id": ""},
    ],
)
def test_nobody_is_led_elsewhere(visitor: Visitor, changed: dict[str, str]) -> None:
    """An address that is none of this machine, or no client: a page, no redirect."""
    url = httpx.URL(visitor.begin(login_hint="ana")).copy_merge_params(changed)
    answer = httpx.get(url, timeout=AMPLE)
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_a_code_is_good_once_and_for_who_began(issuer: Issuer, visitor: Visitor) -> None:
    """A used code, an old one, another verifier and another address are `invalid_grant`."""
    used = visitor.back(login_hint="ana")
    visitor.tokens(used)
    old = visitor.back(login_hint="ana")
    for back, ahead, verifier, address in (
        (used, 0, visitor.verifier, BACK),
        (old, 61, visitor.verifier, BACK),
        (None, 0, "x" * 48, BACK),
        (None, 0, visitor.verifier, BACK + "/other"),
    ):
        issuer.ahead(ahead)
        code = told(back or visitor.back(login_hint="ana"))["code"]
        with pytest.raises(OAuthError) as refused:
            visitor.client.fetch_token(
                visitor.metadata["token_endpoint"], code=code, code_verifier=verifier, redirect_uri=address
            )
        assert refused.value.error == "invalid_grant", (back, verifier, address)


def test_a_verifier_is_long_enough(visitor: Visitor) -> None:
    """One of less than 43 characters is refused though the challenge was made of it."""
    visitor.verifier = "v" * 42
    with pytest.raises(OAuthError, match="invalid_grant"):
        visitor.tokens(visitor.back(login_hint="ana"))


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, 400, "invalid_request"),
        ({"grant_type": "authorization_code", "client_secret": "hush"}, 401, "invalid_client"),
    ],
)
def test_what_is_no_exchange(visitor: Visitor, form: dict[str, str], status: int, error: str) -> None:
    """Errors of the token endpoint are OAuth's, are kept by no cache, and JSON is no form."""
    place = visitor.metadata["token_endpoint"]
    answer = httpx.post(place, data=form, timeout=AMPLE)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["cache-control"] == "no-store"
    assert httpx.post(place, json=form, timeout=AMPLE).json()["error"] == "invalid_request"
    assert httpx.get(place, timeout=AMPLE).status_code == 404


def test_someone_signs_out(issuer: Issuer, visitor: Visitor) -> None:
    """Their session's tokens open no profile any more, and they come back with the state; others stay."""
    tokens, others = (visitor.tokens(visitor.back(login_hint=name)) for name in ("bento", "noor"))
    place = visitor.metadata["end_session_endpoint"]
    asked = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": BACK, "state": "s&1"}
    answer = httpx.get(place, params=asked, timeout=AMPLE)
    assert told(answer.headers["location"]) == {"state": "s&1"}
    if issuer.shape != "auth0":  # whose access tokens name no session
        assert [profile(visitor, one["access_token"]) for one in (tokens, others)] == [401, 200]
    assert httpx.get(place, timeout=AMPLE).status_code == 200
    assert httpx.get(place, params=asked | {"id_token_hint": "x"}, timeout=AMPLE).status_code == 400
    unasked = {"post_logout_redirect_uri": BACK}
    assert "location" not in httpx.get(place, params=unasked, timeout=AMPLE).headers


def profile(visitor: Visitor, token: str) -> int:
    held = {"Authorization": f"Bearer {token}"}
    return httpx.get(visitor.metadata["userinfo_endpoint"], headers=held, timeout=AMPLE).status_code


def test_a_profile_needs_a_token_that_holds(issuer: Issuer, visitor: Visitor) -> None:
    """None, an ended one and each bad one are 401; a token of the control's own is as good as one of a sign-in."""
    assert profile(visitor, issuer.token(person="ana")) == 200
    assert profile(visitor, issuer.token(person="ana", lifetime=-1)) == 401
    for flaw in ("none", "public_key", "no_kid", "unknown_kid", "stranger", "embedded_key", "tampered", "cut"):
        assert profile(visitor, issuer.token(person="ana", flaw=flaw)) == 401, flaw
    refused = httpx.get(visitor.metadata["userinfo_endpoint"], timeout=AMPLE)
    assert refused.headers["www-authenticate"].startswith("Bearer ")


def test_pages_of_other_origins(visitor: Visitor) -> None:
    """A page may read metadata, keys, tokens and profiles from its own origin, and never the answer of a sign-in."""
    held = {"Origin": "http://localhost:5173", "Access-Control-Request-Headers": "authorization"}
    for name in ("jwks_uri", "token_endpoint", "userinfo_endpoint"):
        asked = httpx.options(visitor.metadata[name], headers=held, timeout=AMPLE)
        assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, "*")
        assert "authorization" in asked.headers["access-control-allow-headers"]
        assert httpx.get(visitor.metadata[name], timeout=AMPLE).headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in httpx.get(visitor.begin(login_hint="ana"), timeout=AMPLE).headers


def test_a_fault_refuses_whoever_signs_in(issuer: Issuer, visitor: Visitor) -> None:
    """`denied` comes back as `access_denied`, also for who is named."""
    issuer.fault("denied")
    assert told(visitor.back(login_hint="ana"))["error"] == "access_denied"
