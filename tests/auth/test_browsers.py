"""Browsers: their refresh token is in a cookie that no script reads, and no other site can use it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.auth.test_routes import codes
from tests.house import NO_TLS, Served

PASSWORD, FOLLOWING = "correct horse battery", "another correct battery"
NAME = "__Host-esteio_session"
OWN = {"Sec-Fetch-Site": "same-origin"}
FOREIGN = [
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://api.example.org"},
    {"Origin": "https://api.example.org.evil.example"},
    {"Origin": "http://api.example.org"},
    {"Origin": "https://api.example.org:444"},
    {"Origin": "null"},
    {"Origin": "https://[broken"},
    {},
]


class Browser:
    """One that keeps the cookie as it was told to."""

    def __init__(self, served: Served, **headers: str) -> None:
        self.client = httpx.Client(base_url=served.url, headers=headers or OWN, timeout=30, verify=NO_TLS)
        self.cookie: str | None = None
        self.said = ""

    def post(self, path: str, body: Any = None, token: str = "", **headers: str) -> httpx.Response:
        if self.cookie is not None:
            headers["Cookie"] = f"theme=dark; {NAME}={self.cookie}"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.client.cookies.clear()
        answer = self.client.post(path, json={} if body is None else body, headers=headers)
        if said := answer.headers.get("set-cookie"):
            self.said = said
            self.cookie = said.partition(";")[0].partition("=")[2] or None
        return answer

    def enter(self, email: str, path: str = "/auth/login", **more: str) -> str:
        answer = self.post(path, {"email": email, "password": PASSWORD, "session": "cookie", **more})
        assert answer.status_code == 200, answer.text
        return token_of(answer)

    def me(self, token: str) -> int:
        return self.client.get("/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code


def token_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    said = answer.json()
    found: str = said.get("data", said)["access_token"]
    return found


@pytest.fixture
def browser(served: Served) -> Iterator[Browser]:
    made = Browser(served)
    yield made
    made.client.close()


@pytest.fixture
def email(served: Served) -> str:
    address = f"{uuid4()}@example.org"
    body = {"email": address, "name": "Maria", "password": PASSWORD}
    assert served.client.post("/api/v2/users", json=body).status_code == 201
    return address


@pytest.mark.parametrize("path", ["/auth/login", "/api/v2/auth/login"])
def test_a_login_leaves_no_refresh_token_where_a_script_reads(browser: Browser, email: str, path: str) -> None:
    """The answer has the access token alone; the cookie is for this host, HttpOnly, and never sent from elsewhere."""
    answer = browser.post(path, {"email": email, "password": PASSWORD, "session": "cookie"})
    assert "est_refresh_" not in answer.text and browser.me(token_of(answer)) == 200
    assert browser.cookie
    attributes = set(browser.said.split("; ")[1:])
    assert attributes == {"Path=/", f"Max-Age={7 * 86_400}", "HttpOnly", "SameSite=Strict", "Secure"}
    assert browser.said.startswith(f"{NAME}=")


def test_who_asks_for_no_cookie_gets_none(served: Served, email: str) -> None:
    """A login as clients of the API do it answers its refresh token and sets no cookie."""
    answer = served.anonymous.post("/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.json()["refresh_token"].startswith("est_refresh_") and "set-cookie" not in answer.headers
    again = served.anonymous.post("/auth/refresh", json={"refresh_token": answer.json()["refresh_token"]})
    assert again.json()["refresh_token"].startswith("est_refresh_") and "set-cookie" not in again.headers


@pytest.mark.parametrize("body", [{}, None])
def test_a_renewal_takes_the_cookie_and_turns_it(browser: Browser, email: str, body: Any) -> None:
    """Without a refresh token in the body the cookie's is used, once, and the next is in the cookie again."""
    browser.enter(email)
    first = browser.cookie
    answer = browser.post("/auth/refresh", body)
    assert browser.me(token_of(answer)) == 200 and answer.json()["refresh_token"] is None
    assert browser.cookie is not None and browser.cookie != first


def test_the_cookie_proves_nobody(browser: Browser, email: str) -> None:
    """No operation takes the cookie for who is calling."""
    browser.enter(email)
    assert browser.client.get("/auth/me", headers={"Cookie": f"{NAME}={browser.cookie}"}).status_code == 401
    assert browser.post("/auth/logout-all").status_code == 401
    assert browser.post("/auth/password", {"password": PASSWORD, "new_password": FOLLOWING}).status_code == 401


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda one: "-".join(one.values()) or "nothing")
@pytest.mark.parametrize("path", ["/auth/refresh", "/auth/logout", "/api/v2/auth/refresh"])
def test_no_other_origin_can_use_it(served: Served, email: str, headers: dict[str, str], path: str) -> None:
    """A renewal or logout with the cookie from any other origin is a 403 of its own, and the login goes on."""
    own, foreign = Browser(served), Browser(served, **(headers or {"X-None": "1"}))
    token = own.enter(email)
    foreign.cookie = own.cookie
    refused = foreign.post(path)
    assert refused.status_code == 403 and codes(refused) == ["NOT_SAME_ORIGIN"] and "set-cookie" not in refused.headers
    assert own.me(token) == 200 and own.post("/auth/refresh").status_code == 200


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda one: "-".join(one.values()) or "nothing")
def test_no_other_origin_can_set_it(served: Served, email: str, headers: dict[str, str]) -> None:
    """A page elsewhere cannot log a browser in as somebody of its choice."""
    foreign = Browser(served, **(headers or {"X-None": "1"}))
    refused = foreign.post("/auth/login", {"email": email, "password": PASSWORD, "session": "cookie"})
    assert codes(refused) == ["NOT_SAME_ORIGIN"] and foreign.cookie is None


@pytest.mark.parametrize(
    "origin", ["https://api.example.org", "https://api.example.org:443", "HTTPS://API.example.org"]
)
def test_an_older_browser_is_known_by_its_origin(served: Served, email: str, origin: str) -> None:
    """Where Sec-Fetch-Site is missing, the Origin of the public URL is as good."""
    browser = Browser(served, Origin=origin)
    browser.enter(email)
    assert browser.post("/auth/refresh").status_code == 200


def test_without_a_cookie_a_renewal_says_what_is_missing(browser: Browser) -> None:
    """Neither a token nor a cookie: 401, and nothing to forget."""
    refused = browser.post("/auth/refresh")
    assert refused.status_code == 401 and "set-cookie" not in refused.headers
    assert browser.post("/auth/logout").status_code == 401


def test_tabs_that_renew_at_the_same_moment_stay(served: Served, browser: Browser, email: str) -> None:
    """Twenty renewals with one cookie all succeed, with one successor, which is good."""
    browser.enter(email)
    tabs = [Browser(served) for _ in range(20)]
    for tab in tabs:
        tab.cookie = browser.cookie
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda tab: tab.post("/auth/refresh"), tabs))
    assert {answer.status_code for answer in answers} == {200} and len({tab.cookie for tab in tabs}) == 1
    assert tabs[0].post("/auth/refresh").status_code == 200


@pytest.mark.parametrize("bearer", [True, False])
def test_a_logout_ends_the_session_and_the_cookie(browser: Browser, email: str, bearer: bool) -> None:
    """By the cookie alone, or with the access token beside it: the session ends, and the browser forgets."""
    token, kept = browser.enter(email), browser.cookie
    answer = browser.post("/auth/logout", token=token if bearer else "")
    assert answer.status_code == 204 and browser.cookie is None and "Max-Age=0" in browser.said
    browser.cookie = kept
    assert browser.me(token) == 401 and browser.post("/auth/refresh").status_code == 401


def test_a_cookie_that_is_no_longer_good_is_forgotten(served: Served, browser: Browser, email: str) -> None:
    """A renewal after the session was ended elsewhere is a 401 that clears the cookie."""
    token = browser.enter(email)
    assert Browser(served).post("/auth/logout-all", token=token).status_code == 204
    assert browser.post("/auth/refresh").status_code == 401
    assert browser.cookie is None


def test_logging_out_everywhere_clears_the_cookie_too(browser: Browser, email: str) -> None:
    """The browser that asked for it keeps nothing."""
    token = browser.enter(email)
    assert browser.post("/auth/logout-all", token=token).status_code == 204 and browser.cookie is None


def test_another_password_renews_the_cookie(served: Served, browser: Browser, email: str) -> None:
    """The browser that changes the password stays in by a new cookie; one elsewhere is out."""
    other = Browser(served)
    other.enter(email)
    token, before = browser.enter(email), browser.cookie
    change = {"password": PASSWORD, "new_password": FOLLOWING, "session": "cookie"}
    answer = browser.post("/auth/password", change, token=token)
    assert answer.json()["refresh_token"] is None and browser.cookie not in (None, before)
    assert browser.post("/auth/refresh").status_code == 200 and other.post("/auth/refresh").status_code == 401


def test_a_switch_replaces_the_cookie(browser: Browser, email: str) -> None:
    """After a change of organisation the cookie renews the login in that one."""
    token, before = browser.enter(email), browser.cookie
    headers = {"Authorization": f"Bearer {token}"}
    made = browser.client.post("/api/v2/organizations", json={"name": "Bakery"}, headers=headers).json()["data"]
    body = {"organization": made["slug"], "session": "cookie"}
    answer = browser.post("/api/v2/auth/switch", body, token=token)
    assert answer.json()["data"]["refresh_token"] is None and browser.cookie not in (None, before)
    renewed = {"Authorization": f"Bearer {token_of(browser.post('/auth/refresh'))}"}
    assert browser.client.get("/auth/me", headers=renewed).json()["tenant"]["slug"] == made["slug"]


def test_a_token_in_the_body_goes_before_the_cookie(served: Served, browser: Browser, email: str) -> None:
    """Who sends its own token is answered with the next, and the cookie stays as it is."""
    browser.enter(email)
    mine = served.anonymous.post("/auth/login", json={"email": email, "password": PASSWORD}).json()
    kept = browser.cookie
    answer = browser.post("/auth/refresh", {"refresh_token": mine["refresh_token"]})
    assert answer.json()["refresh_token"].startswith("est_refresh_") and browser.cookie == kept


def test_over_plain_http_the_cookie_has_a_name_that_browsers_take(house: Callable[..., Any]) -> None:
    """Where the public URL is http, there is neither `__Host-` nor Secure, which browsers would refuse."""
    with house(HTTP__PUBLIC_URL="http://127.0.0.1:8000") as served:
        body = {"email": "maria@example.org", "name": "Maria", "password": PASSWORD}
        assert served.client.post("/api/v2/users", json=body).status_code == 201
        asked = {"email": body["email"], "password": PASSWORD, "session": "cookie"}
        answer = served.anonymous.post("/auth/login", json=asked, headers={"Origin": "http://127.0.0.1:8000"})
        said = answer.headers["set-cookie"]
        assert said.startswith("esteio_session=") and "Secure" not in said and "HttpOnly" in said
        assert served.anonymous.post("/auth/refresh", headers=OWN).status_code == 200


def test_a_programs_token_is_no_cookie(served: Served, browser: Browser, email: str) -> None:
    """A refresh token that was given out in an answer is not taken from a cookie, nor that of a cookie from a body."""
    given = served.anonymous.post("/auth/login", json={"email": email, "password": PASSWORD}).json()["refresh_token"]
    browser.cookie = given
    assert browser.post("/auth/refresh").status_code == 401
    assert served.anonymous.post("/auth/refresh", json={"refresh_token": given}).status_code == 200
    browser.post("/auth/login", {"email": email, "password": PASSWORD, "session": "cookie"})
    assert served.anonymous.post("/auth/refresh", json={"refresh_token": browser.cookie}).status_code in (401, 422)
    assert browser.post("/auth/refresh").status_code == 200


def test_a_logout_ends_what_the_body_names_and_what_the_cookie_keeps(
    served: Served, browser: Browser, email: str
) -> None:
    """Whoever sends both has both ended."""
    given = served.anonymous.post("/auth/login", json={"email": email, "password": PASSWORD}).json()["refresh_token"]
    browser.post("/auth/login", {"email": email, "password": PASSWORD, "session": "cookie"})
    kept = browser.cookie
    assert browser.post("/auth/logout", {"refresh_token": given}).status_code == 204
    assert served.anonymous.post("/auth/refresh", json={"refresh_token": given}).status_code == 401
    browser.cookie = kept
    assert browser.post("/auth/refresh").status_code == 401
