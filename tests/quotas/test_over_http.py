"""Quotas as callers meet them, and as the deployment's administrators set them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from esteio.app import create_app
from esteio.base.clock import TurnableClock
from esteio.base.errors import StartRefused
from esteio.base.principal import DEFAULT_TENANT
from esteio.embedded.engines import Engines
from esteio.manifest import Manifest
from esteio.quotas.quota import Quota
from esteio.settings import read_settings
from tests.conftest import House
from tests.faults.conftest import postgres_socket, through
from tests.faults.proxy import proxied
from tests.house import AMPLE, Served, environment, eventually
from tests.quotas.shelf import SHELF

BOOKS, LOANS, NOTES, QUOTAS = "/api/v2/shelf/books", "/api/v2/shelf/loans", "/api/v2/shelf/notes", "/api/v2/quotas"
PASSWORD = "correct horse battery"
BEFORE_MIDNIGHT = datetime(2026, 3, 31, 23, 58, 30, tzinfo=UTC)


@dataclass
class Customer:
    """A tenant and its administrator."""

    tenant: str
    client: httpx.Client
    token: str


def customer(served: Served, plan: str | None = None) -> Customer:
    """A new tenant, on a plan or on none, with an administrator who is logged in and has a key for everything."""
    slug = f"t{uuid4().hex[:12]}"
    first = {"email": f"boss@{slug}.example", "name": "Boss", "password": PASSWORD}
    body = {"slug": slug, "name": slug, "plan": plan, "admin": first}
    made = served.client.post("/api/v2/tenants", json=body)
    assert made.status_code == 201, made.text
    token = entered(served, first["email"])
    key = served.anonymous.post(
        "/api/v2/keys", json={"name": "key", "scopes": ["*"]}, headers={"Authorization": f"Bearer {token}"}
    )
    return Customer(made.json()["data"]["id"], served.with_key(key.json()["data"]["key"]), token)


def entered(served: Served, email: str) -> str:
    answer = served.anonymous.post("/api/v2/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["data"]["access_token"]
    return token


def listed(client: httpx.Client, path: str = QUOTAS) -> dict[str, dict[str, Any]]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return {quota["name"]: quota for quota in answer.json()["data"]}


@pytest.fixture(scope="module")
def clock() -> TurnableClock:
    return TurnableClock(BEFORE_MIDNIGHT)


@pytest.fixture(scope="module")
def served(house: House, clock: TurnableClock) -> Iterator[Served]:
    with house(services=(SHELF,), clock=clock) as running:
        yield running


class TestCallers:
    def test_every_answer_that_a_quota_concerned_says_how_one_stands(self, served: Served) -> None:
        """Each taking and giving back tells all quotas it touched, after its commit, in one structured field."""
        client = customer(served).client
        put = client.post(BOOKS, json={"pages": 300})
        assert put.headers.get_list("quota") == [
            '"shelf.books";limit=2;used=1;remaining=1;unit="books", '
            '"shelf.pages";limit=1000;used=300;remaining=700;unit="pages"'
        ]
        taken = client.delete(BOOKS, params={"pages": 100})
        assert (
            taken.status_code,
            taken.headers["quota"].count("used=0"),
            taken.headers["quota"].count("used=200"),
        ) == (
            204,
            1,
            1,
        )
        assert client.post(NOTES).headers["quota"] == '"shelf.notes";used=1;unit="notes"'
        assert "quota" not in client.get(QUOTAS).headers

    def test_more_than_one_may_have_is_a_403_that_names_the_way_out(self, served: Served) -> None:
        """The refusal names the quota, what it allows, what is used and was asked for, and what to do."""
        client = customer(served).client
        client.post(BOOKS, json={"pages": 900})
        refused = client.post(BOOKS, json={"pages": 101})
        problem = refused.json()
        assert (refused.status_code, problem["errors"][0]["code"]) == (403, "QUOTA_EXCEEDED")
        assert problem["type"].endswith("/errors/quota-exceeded")
        assert problem["detail"] == (
            "The quota shelf.pages allows 1000 pages; 900 of them are used and this needs 101 more. "
            "Remove what is no longer needed, or ask for a larger plan."
        )
        assert problem["data"] == {
            "name": "shelf.pages",
            "limit": 1000,
            "used": 900,
            "remaining": 100,
            "unit": "pages",
            "resets_at": None,
            "asked": 101,
        }
        assert refused.headers["quota"] == '"shelf.pages";limit=1000;used=900;remaining=100;unit="pages"'
        assert "retry-after" not in refused.headers
        assert listed(client)["shelf.books"]["used"] == 1

    def test_a_failure_takes_nothing_and_says_nothing(self, served: Served) -> None:
        """What was rolled back is neither taken nor told of."""
        client = customer(served).client
        torn = client.post(BOOKS, json={"pages": 10, "torn": True})
        assert (torn.status_code, "quota" in torn.headers) == (409, False)
        assert listed(client)["shelf.books"]["used"] == 0

    def test_what_a_day_allows_is_there_again_the_next_day(self, served: Served, clock: TurnableClock) -> None:
        """Who has used a day's quota gets 429 with the time until midnight of UTC, and after it all of it anew."""
        client = customer(served).client
        left = [client.post(LOANS).headers["quota"] for _ in range(2)]
        assert left[1] == '"shelf.loans";limit=2;used=2;remaining=0;reset=90;unit="loans"'
        spent = client.post(LOANS)
        assert (spent.status_code, spent.json()["errors"][0]["code"]) == (429, "QUOTA_SPENT")
        assert spent.headers.get_list("retry-after") == ["90"]
        assert spent.json()["data"]["resets_at"] == "2026-04-01T00:00:00Z"
        assert listed(client)["shelf.loans"]["resets_at"] == "2026-04-01T00:00:00Z"
        clock.turn(90)
        assert listed(client)["shelf.loans"]["used"] == 0
        assert client.post(LOANS).headers["quota"].startswith('"shelf.loans";limit=2;used=1;remaining=1;reset=86400')

    def test_a_refusal_is_not_kept_with_the_idempotency_key(self, served: Served) -> None:
        """The same request is looked at anew once there is room; what was done then is done once."""
        client, again = customer(served).client, {"Idempotency-Key": uuid4().hex}
        for _ in range(2):
            client.post(BOOKS, json={"pages": 1})
        assert client.post(BOOKS, json={"pages": 1}, headers=again).status_code == 403
        client.delete(BOOKS, params={"pages": 1})
        first, second = (client.post(BOOKS, json={"pages": 1}, headers=again) for _ in range(2))
        assert (first.status_code, second.status_code) == (201, 201)
        assert ("quota" in first.headers, "quota" in second.headers) == (True, False)
        assert listed(client)["shelf.books"]["used"] == 2

    def test_fifty_at_once_get_exactly_what_there_is(self, served: Served) -> None:
        """Of fifty concurrent requests for one of two places, two succeed and the others are refused by name."""
        client = customer(served).client
        with ThreadPoolExecutor(50) as crowd:
            answers = list(crowd.map(lambda _: client.post(BOOKS, json={"pages": 1}), range(50)))
        assert sorted(answer.status_code for answer in answers) == [201] * 2 + [403] * 48
        assert {answer.json()["data"]["name"] for answer in answers if answer.status_code == 403} == {"shelf.books"}
        assert (listed(client)["shelf.books"]["used"], listed(client)["shelf.pages"]["used"]) == (2, 2)

    def test_browsers_may_read_it(self, house: House) -> None:
        """Scripts of an allowed origin see the field."""
        with house(services=(SHELF,), HTTP__CORS_ORIGINS="https://shop.example") as running:
            answer = running.client.post(NOTES, headers={"Origin": "https://shop.example"})
            exposed = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
            assert "Quota" in exposed

    def test_refusals_are_counted(self, served: Served) -> None:
        """The metrics tell which quota refused."""
        client = customer(served).client
        assert client.post(BOOKS, json={"pages": 1001}).status_code == 403
        line = 'esteio_quota_refusals_total{quota="shelf.pages"}'
        eventually(lambda: line in served.client.get("/metrics").text)


class TestWhoSees:
    def test_everybody_of_the_tenant_sees_its_quotas(self, served: Served) -> None:
        """Administrators, users and viewers see what their tenant may have; a key without the permission does not."""
        one = customer(served)
        headers = {"Authorization": f"Bearer {one.token}"}
        for role in ("user", "viewer"):
            email = f"{role}@{uuid4().hex[:12]}.example"
            body = {"email": email, "name": role, "password": PASSWORD, "roles": [role]}
            assert served.anonymous.post("/api/v2/users", json=body, headers=headers).status_code == 201
            own = {"Authorization": f"Bearer {entered(served, email)}"}
            assert served.anonymous.get(QUOTAS, headers=own).status_code == 200, role
        assert listed(one.client).keys() == {"shelf.books", "shelf.pages", "shelf.loans", "shelf.notes"}
        with served.with_key(served.key("shelf:write")) as other:
            assert other.get(QUOTAS).status_code == 403
        assert served.anonymous.get(QUOTAS).status_code == 401

    def test_a_list_says_all_there_is_to_know(self, served: Served) -> None:
        """Each quota with what it counts, how one stands, by what it is counted anew, and whose amount it is."""
        quotas = listed(customer(served).client)
        assert quotas["shelf.books"] == {
            "name": "shelf.books",
            "description": "Books on the shelf",
            "limit": 2,
            "used": 0,
            "remaining": 2,
            "unit": "books",
            "every": None,
            "resets_at": None,
            "source": "declared",
        }
        assert quotas["shelf.loans"]["every"] == "day"
        assert (quotas["shelf.notes"]["limit"], quotas["shelf.notes"]["remaining"]) == (None, None)

    def test_tenants_have_nothing_to_do_with_one_another(self, served: Served) -> None:
        """What one tenant uses is nobody else's; its administrator neither sees nor sets anybody's amounts."""
        one, other = customer(served), customer(served)
        one.client.post(BOOKS, json={"pages": 5})
        assert (listed(one.client)["shelf.books"]["used"], listed(other.client)["shelf.books"]["used"]) == (1, 0)
        path = f"/api/v2/tenants/{one.tenant}/quotas"
        for client in (one.client, other.client):
            assert client.get(path).status_code == 403
            assert client.put(f"{path}/shelf.books", json={"amount": 1000}).status_code == 403
            assert client.delete(f"{path}/shelf.books").status_code == 403
            assert client.put("/api/v2/plans/gold/quotas/shelf.books", json={"amount": 1}).status_code == 403
            assert client.get("/api/v2/plans").status_code == 403
        failed = other.client.post(f"/api/v2/shelf/foreign/{one.tenant}")
        assert failed.status_code == 500
        assert listed(served.client, path)["shelf.books"]["used"] == 1


class TestAdministrators:
    def test_a_plans_quota_holds_at_once_for_all_on_it(self, served: Served) -> None:
        """The first request after the change is measured by it; a smaller one takes nothing away, a reset goes back."""
        name = f"p{uuid4().hex[:8]}"
        quota = f"/api/v2/plans/{name}/quotas/shelf.books"
        assert served.client.put(quota, json={"amount": 3}).status_code == 404
        assert served.client.put(f"/api/v2/plans/{name}", json={"rate": "60/minute"}).status_code == 200
        assert served.client.put(quota, json={"amount": 3}).json()["data"] == {
            "plan": name,
            "quota": "shelf.books",
            "amount": 3,
        }
        client = customer(served, name).client
        assert [client.post(BOOKS, json={"pages": 1}).status_code for _ in range(4)] == [201, 201, 201, 403]
        served.client.put(quota, json={"amount": None})
        assert client.post(BOOKS, json={"pages": 1}).headers["quota"].startswith('"shelf.books";used=4;unit="books"')
        served.client.put(quota, json={"amount": 1})
        refused = client.post(BOOKS, json={"pages": 1})
        assert (refused.status_code, refused.json()["data"]["limit"], refused.json()["data"]["used"]) == (403, 1, 4)
        assert listed(client)["shelf.books"]["source"] == "plan"
        assert served.client.delete(quota).status_code == 204
        assert (listed(client)["shelf.books"]["limit"], listed(client)["shelf.books"]["source"]) == (2, "declared")
        assert served.client.delete(quota).status_code == 404

    def test_what_was_agreed_with_one_tenant_is_its_own(self, served: Served) -> None:
        """A tenant's own amount comes before its plan's and touches nobody else; without it the plan holds again."""
        one, other = customer(served), customer(served)
        path = f"/api/v2/tenants/{one.tenant}/quotas"
        set_to = served.client.put(f"{path}/shelf.books", json={"amount": 0})
        assert (set_to.json()["data"]["limit"], set_to.json()["data"]["source"]) == (0, "tenant")
        assert one.client.post(BOOKS, json={"pages": 1}).status_code == 403
        assert other.client.post(BOOKS, json={"pages": 1}).status_code == 201
        assert listed(served.client, path) == listed(one.client)
        assert served.client.delete(f"{path}/shelf.books").status_code == 204
        assert one.client.post(BOOKS, json={"pages": 1}).status_code == 201
        assert served.client.delete(f"{path}/shelf.books").status_code == 404

    def test_plans_are_listed_and_deleted(self, served: Served) -> None:
        """Each plan is listed with its rate and quotas; one that a tenant is on stays, another goes with its quotas."""
        name, spare = (f"p{uuid4().hex[:8]}" for _ in range(2))
        for plan in (name, spare):
            served.client.put(f"/api/v2/plans/{plan}", json={"rate": "60/minute", "description": "For trying"})
            served.client.put(f"/api/v2/plans/{plan}/quotas/shelf.books", json={"amount": 9})
            served.client.put(f"/api/v2/plans/{plan}/quotas/shelf.loans", json={"amount": None})
        plans = {plan["name"]: plan for plan in served.client.get("/api/v2/plans?per_page=100").json()["data"]}
        assert plans[name] == {
            "name": name,
            "rate": "60/minute",
            "description": "For trying",
            "quotas": {"shelf.books": 9, "shelf.loans": None},
        }
        customer(served, name)
        kept = served.client.delete(f"/api/v2/plans/{name}")
        assert (kept.status_code, name in kept.json()["detail"]) == (409, True)
        assert served.client.delete(f"/api/v2/plans/{spare}").status_code == 204
        assert served.client.delete(f"/api/v2/plans/{spare}").status_code == 404
        rows = served.sql("SELECT plan FROM plan_quotas WHERE plan = ANY($1)", [name, spare])
        assert {row["plan"] for row in rows} == {name}

    def test_plans_are_paged(self, served: Served) -> None:
        """Plans come by name, a page at a time, and every one of them once."""
        for number in range(3):
            served.client.put(f"/api/v2/plans/page-{number}", json={"rate": "60/minute"})
        seen: list[str] = []
        path = "/api/v2/plans?limit=2"
        while path:
            page = served.client.get(path)
            seen += [plan["name"] for plan in page.json()["data"]]
            following = [link["href"] for link in page.json()["links"] if link["rel"] == "next"]
            path = following[0] if following else ""
        assert seen == sorted(set(seen))
        assert {"page-0", "page-1", "page-2"} <= set(seen)

    def test_every_act_is_audited(self, served: Served) -> None:
        """Who set or reset which amount stands in the platform's audit log."""
        one, plan = customer(served), f"p{uuid4().hex[:8]}"
        served.client.put(f"/api/v2/plans/{plan}", json={"rate": "60/minute"})
        for path in (f"/api/v2/plans/{plan}/quotas/shelf.books", f"/api/v2/tenants/{one.tenant}/quotas/shelf.books"):
            assert served.client.put(path, json={"amount": 4}).status_code == 200
            assert served.client.delete(path).status_code == 204
        served.client.delete(f"/api/v2/plans/{plan}")
        rows = served.sql(
            "SELECT action, details, tenant_id FROM audit_log WHERE subject = ANY($1) ORDER BY position",
            [plan, f"tenant:{one.tenant}"],
        )
        acts = [row["action"] for row in rows if row["action"] != "tenant.created"]
        assert acts == [
            "plan.set",
            "plan_quota.set",
            "plan_quota.reset",
            "tenant_quota.set",
            "tenant_quota.reset",
            "plan.deleted",
        ]
        assert {row["tenant_id"] for row in rows} == {DEFAULT_TENANT}
        assert sum('"amount":4' in row["details"].replace(" ", "") for row in rows) == 2

    @pytest.mark.parametrize(
        ("amount", "field"), [(-1, "amount"), (10**15, "amount"), ("5", "amount"), (1.5, "amount"), (True, "amount")]
    )
    def test_what_is_no_amount_is_refused(self, served: Served, amount: Any, field: str) -> None:
        """An amount is a whole number from 0 on, or null; anything else is a 422 that names it."""
        answer = served.client.put(f"/api/v2/tenants/{DEFAULT_TENANT}/quotas/shelf.books", json={"amount": amount})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)

    def test_what_is_not_there_is_not_found(self, served: Served) -> None:
        """No amount is set for a quota that nobody declares or a tenant that does not exist."""
        body = {"amount": 1}
        assert served.client.put(f"/api/v2/tenants/{uuid4()}/quotas/shelf.books", json=body).status_code == 404
        assert served.client.get(f"/api/v2/tenants/{uuid4()}/quotas").status_code == 404
        assert served.client.put(f"/api/v2/tenants/{DEFAULT_TENANT}/quotas/shelf.none", json=body).status_code == 404
        served.client.put("/api/v2/plans/there", json={"rate": "60/minute"})
        assert served.client.put("/api/v2/plans/there/quotas/shelf.none", json=body).status_code == 404


class TestDatabase:
    def test_a_frozen_database_is_a_503(self, house: House, engines: Engines, new_database: Callable[[], str]) -> None:
        """Who cannot be told whether there is room is told to come again, and nothing was taken."""
        short = {f"DATABASE__{name}_TIMEOUT": "1" for name in ("ACQUIRE", "STATEMENT", "REQUEST", "LOCK")}
        url = new_database()
        with (
            proxied(postgres_socket(engines)) as network,
            house(services=(SHELF,), database_url=through(network, url), **short) as running,
        ):
            assert eventually(lambda: running.client.post(BOOKS, json={"pages": 1}).status_code == 201)
            network.set("silent")
            for path, body in ((BOOKS, {"pages": 1}), (LOANS, None)):
                answer = running.client.post(path, json=body)
                assert (answer.status_code, int(answer.headers["retry-after"]) >= 1) == (503, True), answer.text
                assert "quota" not in answer.headers
            assert running.client.get(QUOTAS).status_code == 503
            network.set("pass")
            eventually(lambda: running.client.get(QUOTAS).status_code == 200)
            assert listed(running.client)["shelf.loans"]["used"] == 0

    def test_who_waits_too_long_for_others_of_the_tenant_comes_again(
        self, house: House, new_database: Callable[[], str]
    ) -> None:
        """A row that another transaction holds is a 503 with Retry-After once the wait for it is over, not a 500."""
        url = new_database()
        with house(services=(SHELF,), database_url=url, DATABASE__LOCK_TIMEOUT="0.3") as running:
            assert running.client.post(BOOKS, json={"pages": 1}).status_code == 201
            with held(running, "SELECT 1 FROM quota_uses FOR UPDATE"):
                waited = running.client.post(BOOKS, json={"pages": 1})
            assert (waited.status_code, "retry-after" in waited.headers) == (503, True)
            assert running.client.post(BOOKS, json={"pages": 1}).status_code == 201


@contextmanager
def held(served: Served, statement: str) -> Iterator[None]:
    """A transaction of somebody else that has run the statement and has not ended, until the block does."""
    url = served.database_url.replace("//esteio@", "//postgres@")

    async def begin() -> asyncpg.Connection:
        connection = await asyncpg.connect(url, timeout=AMPLE)
        await connection.execute("BEGIN")
        await connection.execute(statement)
        return connection

    connection = served.run(begin)
    try:
        yield
    finally:
        served.run(connection.close)


class TestDoor:
    @pytest.mark.parametrize(
        ("services", "sentence"),
        [
            (
                (SHELF, Manifest(name="other", quotas=(Quota("shelf.books", 1, "books"),))),
                "The quota shelf.books is declared twice",
            ),
            (
                (Manifest(name="bare", routers=SHELF.routers, permissions=SHELF.permissions),),
                "names the quota shelf.books, which no manifest declares",
            ),
        ],
    )
    def test_an_unfit_service_stops_the_start(self, services: tuple[Manifest, ...], sentence: str) -> None:
        """A quota that is declared twice, or named by a route and declared by nobody, does not come in."""
        given = read_settings({}, environ=environment("postgresql:///nowhere", "redis://127.0.0.1:1"))
        with pytest.raises(StartRefused, match=sentence.replace(".", r"\.")):
            create_app(given, services)

    def test_the_documents_tell_of_it(self, served: Served) -> None:
        """OpenAPI says which operations answer with the field, and with which refusals."""
        described = served.app.document("v2")["paths"]["/api/v2/shelf/loans"]["post"]["responses"]  # type: ignore[index]
        assert [status for status in ("201", "403", "429", "409") if "Quota" in described[status]["headers"]] == [
            "201",
            "403",
            "429",
        ]
