"""Every operation and every way in which it refuses."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import pytest

from esteio.http.routing import Operation
from esteio.standins.fakestore import running_fakestore
from tests.conftest import House
from tests.contract.operations import (
    ANY_ADDRESS,
    MAILS,
    MAKES_WHAT_IT_NAMES,
    address,
    asks_more_than_an_account,
    asks_permission,
    call,
    each,
    is_of_persons,
    looks_at_credentials,
    methods_of,
    name_of,
    paths,
)
from tests.contract.problems import documented, problem
from tests.house import Served, sql
from tests.petstory.shop import ORDERS
from tests.store.liking import person

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    """A house without limits, so that each operation is refused for what is tested and for nothing else."""
    settings = {"LIMITS__ENABLED": "false", "TELEMETRY__ACCESS_LOG": "false", **MAILS}
    with running_fakestore() as shop, house(STORE__UPSTREAM_URL=shop.url, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def powerless(served: Served) -> Iterator[httpx.Client]:
    """A caller who is known and may do nothing."""
    with served.with_key(served.key()) as client:
        yield client


@pytest.fixture(scope="module")
def somebody(served: Served) -> Iterator[httpx.Client]:
    """A person who is logged in."""
    with person(served) as found:
        yield found.client


@pytest.fixture(scope="module")
def used_up(house: House, new_database: Callable[[], str]) -> Iterator[Served]:
    """A house that takes one call an hour of each caller, and has taken it."""
    database = new_database()
    answered = ("invitations.answer",)
    petstory = ("petstory.orders", "petstory.uploads", "petstory.read", "petstory.act")
    for name in ("pets.list", "pets.read", "files.download", "hooks", "outages.summary", *answered, *petstory):
        sql(
            database,
            'INSERT INTO limit_overrides (name, quota, "window", updated_by) VALUES ($1, 1, 3600, $2)',
            name,
            "test",
        )
    with house(database_url=database, LIMITS__DEFAULT="1/hour", TELEMETRY__ACCESS_LOG="false") as running:
        for client in (running.client, running.anonymous):
            for path in ("/.well-known/jwks.json", "/api/v2/pets", f"/api/v2/pets/{uuid4()}", "/api/v2/files/none"):
                client.get(path)
            client.post("/api/v2/hooks/none")
            client.post("/api/v2/invitations/look")
            client.get("/outages")
            client.get(f"{ORDERS}/none")
            for below in ("", "/none/photos", "/none/cancel"):
                client.post(ORDERS + below)
        yield running


class TestUnauthenticated:
    @each(asks_permission)
    def test_401_without_credentials(self, served: Served, operation: Operation) -> None:
        """What asks for a permission refuses a caller without credentials, and says how to bring some."""
        answer = served.anonymous.request(operation.method, address(operation))
        problem(answer, 401, "UNAUTHENTICATED")
        documented(operation, answer)
        assert "ApiKey" in answer.headers["www-authenticate"]
        assert "Bearer" in answer.headers["www-authenticate"]

    @each(looks_at_credentials)
    @pytest.mark.parametrize("key", ["wrong", "est_live_" + "0" * 36, ""])
    def test_401_with_a_wrong_key(self, served: Served, operation: Operation, key: str) -> None:
        """A wrong key is refused on public operations too, never taken for no key."""
        answer = served.anonymous.request(operation.method, address(operation), headers={"X-API-Key": key})
        problem(answer, 401, "INVALID_CREDENTIALS")
        documented(operation, answer)
        assert answer.headers["www-authenticate"].startswith("ApiKey")

    @each(looks_at_credentials)
    @pytest.mark.parametrize("value", ["", "Bearer", "Bearer a.b.c", "Basic YTpi", "a b c"])
    def test_401_with_a_malformed_authorization(self, served: Served, operation: Operation, value: str) -> None:
        """What is no bearer token of ours is refused everywhere."""
        answer = served.anonymous.request(operation.method, address(operation), headers={"Authorization": value})
        problem(answer, 401, "INVALID_CREDENTIALS")
        assert "Bearer" in answer.headers["www-authenticate"]


class TestForbidden:
    @each(asks_more_than_an_account)
    def test_403_without_the_permission(self, powerless: httpx.Client, operation: Operation) -> None:
        """A known caller who lacks the permission is refused before anything is looked at."""
        answer = powerless.request(operation.method, address(operation), content=b"{")
        problem(answer, 403, "FORBIDDEN")
        documented(operation, answer)


class TestNotFound:
    @each(lambda operation: bool(operation.names) and name_of(operation) not in MAKES_WHAT_IT_NAMES | ANY_ADDRESS)
    def test_404_for_what_is_not_there(self, served: Served, somebody: httpx.Client, operation: Operation) -> None:
        """An unknown id or name is not found, by any method."""
        answer = call(somebody if is_of_persons(operation) else served.client, operation)
        problem(answer, 404, "NOT_FOUND")
        documented(operation, answer)

    @pytest.mark.parametrize("path", ["/nowhere", "/api/v2/nowhere", "/api/v3/pets", "/api/v2/pets/", "//", "/%00"])
    def test_404_for_an_address_that_is_none(self, served: Served, path: str) -> None:
        """An address without operations is not found, whatever the method."""
        for method in METHODS:
            problem(served.client.request(method, f"{served.url}{path}"), 404, "NOT_FOUND")


class TestMethodNotAllowed:
    @pytest.mark.parametrize("path", paths())
    def test_405_names_the_methods(self, served: Served, path: str) -> None:
        """A method that an address does not have is refused with the list of those it has."""
        has = methods_of(path)
        expected = has | {"OPTIONS"} | ({"HEAD"} if "GET" in has else set())
        concrete = path.replace("{name}", "some").replace("{slug}", "some").replace("_id}", "").replace("{", "")
        for method in sorted({*METHODS, "TRACE", "PROPFIND"} - expected):
            answer = served.client.request(method, concrete)
            problem(answer, 405, "METHOD_NOT_ALLOWED")
            assert {name.strip() for name in answer.headers["allow"].split(",")} == expected

    @pytest.mark.parametrize("path", [path for path in paths() if "{" not in path])
    def test_options_tells_the_methods(self, served: Served, path: str) -> None:
        """OPTIONS stands in Allow and is answered."""
        answer = served.anonymous.options(path)
        assert answer.status_code == 204
        assert set(answer.headers["allow"].split(", ")) >= methods_of(path) | {"OPTIONS"}


class TestRateLimited:
    @each(lambda operation: bool(operation.rules.limits))
    def test_429_when_the_quota_is_used_up(self, used_up: Served, operation: Operation) -> None:
        """Every limited operation refuses when the quota is used up, and says when to come again."""
        answer = call(used_up.client, operation)
        problem(answer, 429, "RATE_LIMITED")
        documented(operation, answer)
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.headers["x-ratelimit-remaining"] == "0"

    @each(lambda operation: bool(operation.rules.anonymous_limits or operation.rules.limits))
    def test_429_for_nobody_in_particular(self, used_up: Served, operation: Operation) -> None:
        """Callers without credentials are limited by their address, also where they are refused."""
        problem(call(used_up.anonymous, operation), 429, "RATE_LIMITED")

    @each(lambda operation: not operation.rules.limits)
    def test_no_429_where_no_limit_is_declared(self, used_up: Served, operation: Operation) -> None:
        """Probes, pages and documents are outside the limits."""
        assert call(used_up.client, operation).status_code != 429
