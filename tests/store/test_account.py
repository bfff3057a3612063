"""The platform's accounts and users under the names that the store's clients know."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import httpx
import pytest

from tests.cli.command import run
from tests.conftest import House
from tests.contract.problems import problem
from tests.house import AMPLE, NO_TLS, Served, environment

PASSWORD = "correct horse battery"
BASE, USERS = "/api/v1/account", "/api/v1/users"
_numbers = count(1)


@pytest.fixture(scope="module")
def database_url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture(scope="module")
def redis_url(new_redis: Callable[[], str]) -> str:
    return new_redis()


@pytest.fixture(scope="module")
def served(house: House, database_url: str, redis_url: str) -> Iterator[Served]:
    with house(database_url=database_url, redis_url=redis_url, TELEMETRY__ACCESS_LOG="false") as running:
        yield running


@pytest.fixture
def email() -> str:
    return f"client-{next(_numbers)}@example.org"


@pytest.fixture(scope="module")
def admin(served: Served, database_url: str, redis_url: str) -> Iterator[httpx.Client]:
    """The first user, made as an operator makes it, logged in by the alias."""
    arguments = ("users", "create", "--admin", "--email", "first@example.org", "--password-stdin")
    made = run(*arguments, environment=environment(database_url, redis_url), said=PASSWORD)
    assert made.code == 0, made.said
    tokens = log_in(served, "first@example.org").json()
    with httpx.Client(base_url=served.url, headers=bearer(tokens), timeout=AMPLE, verify=NO_TLS) as client:
        yield client


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def log_in(served: Served, email: str, password: str = PASSWORD, base: str = BASE) -> httpx.Response:
    return served.anonymous.post(f"{base}/login", json={"email": email, "password": password})


class TestAccount:
    def test_register_log_in_renew_and_leave(self, served: Served, email: str) -> None:
        """The whole way of a client, in plain JSON: register, log in, who am I, refresh, log out, and no way back."""
        body = {"email": email, "password": PASSWORD, "name": "Maria"}
        made = served.anonymous.post(f"{BASE}/register", json=body)
        assert (made.status_code, made.json()["email"]) == (201, email), made.text
        tokens = log_in(served, email).json()
        assert set(tokens) == {"access_token", "refresh_token", "token_type", "expires_in"}
        me = served.anonymous.get(f"{BASE}/me", headers=bearer(tokens)).json()
        assert (me["email"], me["roles"], me["id"]) == (email, ["user"], made.json()["id"])
        renewed = served.anonymous.post(f"{BASE}/refresh", json={"refresh_token": tokens["refresh_token"]}).json()
        assert served.anonymous.get(f"{BASE}/me", headers=bearer(renewed)).status_code == 200
        left = served.anonymous.post(f"{BASE}/logout", headers=bearer(renewed))
        assert (left.status_code, left.content) == (204, b"")
        again = served.anonymous.post(f"{BASE}/refresh", json={"refresh_token": renewed["refresh_token"]})
        assert again.status_code == 401

    def test_both_names_are_one_account(self, served: Served, email: str) -> None:
        """Who registers by one name logs in by the other, and is taken by both."""
        body = {"email": email, "password": PASSWORD, "name": "Maria"}
        assert served.anonymous.post(f"{BASE}/register", json=body).status_code == 201
        assert log_in(served, email, base="/api/v2/auth").status_code == 200
        assert served.anonymous.post("/api/v2/auth/register", json=body).status_code == 409
        assert served.anonymous.post(f"{BASE}/register", json=body).status_code == 409

    def test_wrong_guesses_wait_whichever_name_they_use(self, served: Served, email: str) -> None:
        """Failures by the alias and by the platform's name count together; then even the right one has to wait."""
        served.client.post("/api/v2/users", json={"email": email, "name": "x", "password": PASSWORD})
        guesses = [
            log_in(served, email, "wrong guess", base) for base in (BASE, "/api/v2/auth", BASE, BASE, BASE, BASE)
        ]
        assert {answer.status_code for answer in guesses[:2]} == {401}
        assert guesses[-1].status_code == 429
        for base in (BASE, "/api/v2/auth", "/auth"):
            waiting = log_in(served, email, base=base)
            problem(waiting, 429, "RATE_LIMITED")
            assert int(waiting.headers["retry-after"]) >= 1

    def test_an_unknown_account_sounds_like_a_wrong_password(self, served: Served, email: str) -> None:
        """The alias tells no more than the platform does of which accounts there are."""
        served.client.post("/api/v2/users", json={"email": email, "name": "x", "password": PASSWORD})
        wrong, unknown = log_in(served, email, "wrong guess"), log_in(served, f"no-{email}", "wrong guess")
        assert (wrong.status_code, wrong.json()["errors"]) == (unknown.status_code, unknown.json()["errors"])

    def test_me_needs_credentials(self, served: Served) -> None:
        """A key may ask who it is, nobody may not."""
        assert served.client.get(f"{BASE}/me").json()["proof"] == "environment_key"
        problem(served.anonymous.get(f"{BASE}/me"), 401, "UNAUTHENTICATED")


class TestUsers:
    def test_the_first_user_administers(self, served: Served, admin: httpx.Client, email: str) -> None:
        """`esteio users create --admin` makes an administrator, who makes, reads, changes and removes users here."""
        made = admin.post(USERS, json={"email": email, "name": "Ana", "password": PASSWORD})
        assert made.status_code == 201, made.text
        where = f"{USERS}/{made.json()['id']}"
        assert made.headers["location"] == where
        assert f"<https://api.example.org{where}>" in made.headers["link"]
        read = admin.get(where)
        assert (read.json(), read.headers["etag"]) == (made.json(), made.headers["etag"])
        changed = admin.patch(where, json={"name": "Anna"}, headers={"If-Match": read.headers["etag"]})
        assert (changed.status_code, changed.json()["name"]) == (200, "Anna")
        problem(admin.patch(where, json={"name": "Ann"}, headers={"If-Match": read.headers["etag"]}), 412)
        assert admin.delete(where).status_code == 204
        assert admin.get(where).status_code == 404
        assert log_in(served, email).status_code == 401

    def test_the_list_is_plain_and_leads_on_by_link(self, admin: httpx.Client) -> None:
        """An array, whose next pages are in Link, under this version's names."""
        for _ in range(3):
            body = {"email": f"listed-{next(_numbers)}@example.org", "name": "x"}
            assert admin.post(USERS, json=body).status_code == 201
        seen: list[str] = []
        page = admin.get(USERS, params={"limit": 2})
        while True:
            seen += [user["id"] for user in page.json()]
            following = page.links.get("next")
            if following is None:
                break
            assert following["url"].startswith(f"https://api.example.org{USERS}?")
            page = admin.get(following["url"].removeprefix("https://api.example.org"))
        everybody = admin.get("/api/v2/users", params={"limit": 100}).json()["data"]
        assert seen == [user["id"] for user in everybody]

    def test_the_platforms_own_names_lead_to_themselves(self, admin: httpx.Client, email: str) -> None:
        """The same operation under `/api/v2` names its own version, as before."""
        made = admin.post("/api/v2/users", json={"email": email, "name": "Ana"})
        where = f"/api/v2/users/{made.json()['data']['id']}"
        assert made.headers["location"] == where
        assert admin.get(where).json()["links"] == [{"href": where, "rel": "self", "method": "GET"}]
        links = admin.get("/api/v2/users").json()["links"]
        assert all(link["href"].startswith("/api/v2/users?") for link in links)

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_users_are_for_administrators(self, served: Served, email: str, method: str) -> None:
        """A user is refused, nobody is asked for credentials."""
        body = {"email": email, "password": PASSWORD, "name": "Maria"}
        served.anonymous.post(f"{BASE}/register", json=body)
        held = bearer(log_in(served, email).json())
        problem(served.anonymous.request(method, USERS, headers=held), 403, "FORBIDDEN")
        problem(served.anonymous.request(method, USERS), 401, "UNAUTHENTICATED")
