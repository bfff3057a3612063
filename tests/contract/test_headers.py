"""What every answer says of itself in its header: security, identity, limits, deprecation, conditions."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import uuid4

import http_sf
import httpx
import pytest

from esteio.base.clock import TurnableClock
from esteio.http.routing import Operation
from tests.conftest import House
from tests.contract.operations import address, call, each, name_of
from tests.contract.problems import problem
from tests.house import ADMIN_KEY, Served, eventually

PETS = "/api/v2/pets"
SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}
API_CSP = "default-src 'none'; frame-ancestors 'none'"
LONGEST_WAIT = 1.1
"""In windows: a unit is held for a tenth of its window beyond it, so that no window ever sees more than the quota."""

VARIES = {"authorization", "x-api-key", "accept", "accept-encoding"}


def answers(served: Served) -> dict[str, httpx.Response]:
    """One answer of each kind, by what it is."""
    client, pet = served.client, served.pet()
    where = f"{PETS}/{pet['id']}"
    poor = poor_key(served)
    failing(served)
    body = {"name": "Rex", "species": "dog"}
    return {
        "200": client.get(where),
        "200 plain": client.get(f"/api/v1/pets/{pet['id']}"),
        "200 list": client.get(PETS),
        "200 page": client.get("/docs"),
        "200 document": client.get("/api/v2/openapi.json"),
        "200 keys": client.get("/.well-known/jwks.json"),
        "200 probe": client.get("/livez"),
        "200 metrics": client.get("/metrics"),
        "201": client.post(PETS, json=body),
        "204": client.delete(f"{PETS}/{served.pet()['id']}"),
        "204 options": client.options(PETS),
        "304": client.get(where, headers={"If-None-Match": client.get(where).headers["etag"]}),
        "400": client.post(PETS, content=b"{", headers={"Content-Type": "application/json"}),
        "401": served.anonymous.post(PETS, json=body),
        "403": call_with(served, served.key(), where),
        "404": client.get(f"{PETS}/{uuid4()}"),
        "404 nowhere": client.get("/nowhere"),
        "404 page": client.get("/nowhere", headers={"Accept": "text/html"}),
        "405": client.delete(PETS),
        "409": conflicting(served),
        "412": client.put(where, json=body, headers={"If-Match": '"9"'}),
        "413": client.post(PETS, content=b" " * 1_048_577, headers={"Content-Type": "application/json"}),
        "415": client.post(PETS, content=b"x"),
        "422": client.post(PETS, json={}),
        "428": client.put(where, json=body),
        "429": eventually(lambda: refused_for_rate(served, poor)),
        "500": client.post(PETS, json={"name": "Failing", "species": "dog"}),
    }


def call_with(served: Served, key: str, path: str) -> httpx.Response:
    with served.with_key(key) as client:
        return client.delete(path)


def poor_key(served: Served) -> str:
    """A key whose plan allows one call an hour."""
    assert served.client.put("/api/v2/plans/poor", json={"rate": "1/hour"}).status_code == 200
    return served.key(plan="poor")


def refused_for_rate(served: Served, key: str) -> httpx.Response | None:
    with served.with_key(key) as client:
        answer = client.get(PETS)
    return answer if answer.status_code == 429 else None


def conflicting(served: Served) -> httpx.Response:
    served.client.post("/api/v2/roles", json={"name": "twice", "permissions": []})
    return served.client.post("/api/v2/roles", json={"name": "twice", "permissions": []})


def failing(served: Served) -> None:
    """Make the commit of a pet whose name says so fail."""
    served.sql(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF NEW.name = 'Failing' THEN RAISE EXCEPTION 'inner words'; END IF; RETURN NULL; END $$"
    )
    served.sql(
        "CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON pets DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION fail()"
    )


@pytest.fixture(scope="module")
def every(served: Served) -> dict[str, httpx.Response]:
    return answers(served)


def varied(answer: httpx.Response) -> set[str]:
    return {name.strip().lower() for name in answer.headers.get("vary", "").split(",")}


class TestEveryAnswer:
    def test_each_is_what_it_is_called(self, every: dict[str, httpx.Response]) -> None:
        """The answers that the other tests look at are of the kinds they are meant to be."""
        assert {name: answer.status_code for name, answer in every.items()} == {name: int(name[:3]) for name in every}

    def test_security(self, every: dict[str, httpx.Response]) -> None:
        """No answer lacks what keeps a browser from harm, and none names the server."""
        for name, answer in every.items():
            found = {field: answer.headers.get(field) for field in SECURITY}
            assert found == SECURITY, name
            assert "camera=()" in answer.headers["permissions-policy"], name
            assert "strict-transport-security" not in answer.headers, name
            assert "server" not in answer.headers, name

    def test_content_security_policy(self, every: dict[str, httpx.Response]) -> None:
        """The API allows nothing, pages allow their own files, and nothing allows inline script or another host."""
        for name, answer in every.items():
            policy = answer.headers["content-security-policy"]
            if answer.request.url.path.startswith("/api/") or name in ("200 probe", "200 metrics", "200 keys"):
                assert policy == API_CSP, name
            assert policy.startswith("default-src 'none'"), name
            assert "frame-ancestors 'none'" in policy, name
            assert not re.search(r"unsafe|https?:|\*", policy), name

    def test_cache_control(self, every: dict[str, httpx.Response]) -> None:
        """Every answer says whether it may be kept; refusals and secrets may not."""
        for name, answer in every.items():
            assert "cache-control" in answer.headers, name
            if answer.status_code >= 400 or answer.status_code == 204:
                assert answer.headers["cache-control"] == "no-store", name
        assert every["200"].headers["cache-control"] == "private, no-cache"
        assert every["200 keys"].headers["cache-control"] == "public, max-age=300"

    def test_vary(self, every: dict[str, httpx.Response]) -> None:
        """What may be kept and depends on the caller says on what."""
        for name in ("200", "200 list", "200 plain", "304"):
            assert varied(every[name]) >= VARIES, name

    def test_content_length(self, every: dict[str, httpx.Response]) -> None:
        """Bodies have their length; what has no body has no type either."""
        for name, answer in every.items():
            if answer.status_code in (204, 304):
                assert answer.content == b"", name
                assert "content-type" not in answer.headers, name
            elif "content-encoding" not in answer.headers:
                assert int(answer.headers["content-length"]) == len(answer.content), name


class TestRequestId:
    def test_every_answer_has_its_own(self, every: dict[str, httpx.Response]) -> None:
        """No two requests share an id that was made here."""
        made = [answer.headers["x-request-id"] for answer in every.values()]
        assert len(set(made)) == len(made)
        assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,128}", value) for value in made)

    @pytest.mark.parametrize("given", ["a", "Job-7.retry_2", "x" * 128])
    def test_the_callers_own_is_kept(self, served: Served, given: str) -> None:
        """An acceptable id is used in field, envelope and problem."""
        for path in (PETS, f"{PETS}/{uuid4()}"):
            answer = served.client.get(path, headers={"X-Request-ID": given})
            assert (answer.headers["x-request-id"], answer.json()["request_id"]) == (given, given)

    @pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a;b", "<script>", "a\tb", "é", "../../etc", '"'])
    def test_a_hostile_one_is_replaced(self, served: Served, given: str) -> None:
        """An id that is none is replaced and never echoed."""
        answer = served.client.get(f"{PETS}/{uuid4()}", headers={"X-Request-ID": given.encode("latin-1")})
        assert answer.headers["x-request-id"] != given
        assert problem(answer, 404)["request_id"] == answer.headers["x-request-id"]


def structured(answer: httpx.Response, field: str) -> dict[str, dict[str, int]]:
    """A list of strings with parameters, as the draft of the RateLimit fields has it."""
    assert len(answer.headers.get_list(field)) == 1
    parsed: Any = http_sf.parse(answer.headers[field].encode(), tltype="list")
    found = {}
    for value, parameters in parsed:
        assert isinstance(value, str)
        assert not isinstance(value, http_sf.Token)
        assert all(isinstance(number, int) for number in parameters.values())
        found[value] = dict(parameters)
    return found


class TestRateLimit:
    LIMITED = ("200", "200 plain", "200 list", "201", "204", "304", "400", "401", "403", "404", "409", "412")
    LIMITED += ("413", "415", "422", "428", "429", "500")

    def test_both_families_agree_on_every_answer(self, every: dict[str, httpx.Response]) -> None:
        """Every answer of a limited route carries the fields; the plain ones are of one of the structured policies."""
        for name in self.LIMITED:
            answer = every[name]
            policies, standing = structured(answer, "ratelimit-policy"), structured(answer, "ratelimit")
            assert set(policies) == set(standing), name
            assert all(set(policy) == {"q", "w"} for policy in policies.values()), name
            assert all(set(state) == {"r", "t"} for state in standing.values()), name
            plain = (int(answer.headers["x-ratelimit-limit"]), int(answer.headers["x-ratelimit-remaining"]))
            assert plain in [(policies[item]["q"], standing[item]["r"]) for item in policies], name
            for item, state in standing.items():
                assert 0 <= state["r"] <= policies[item]["q"], name
                assert 0 <= state["t"] <= LONGEST_WAIT * policies[item]["w"] + 1, name
            resets_in = int(answer.headers["x-ratelimit-reset"]) - datetime.now(UTC).timestamp()
            assert -120 < resets_in <= LONGEST_WAIT * 3_600 + 1, name

    def test_a_refusal_says_when_to_come_again(self, every: dict[str, httpx.Response]) -> None:
        """429 has Retry-After in seconds, one at least, and nothing left."""
        answer = every["429"]
        assert re.fullmatch("[0-9]+", answer.headers["retry-after"])
        assert 1 <= int(answer.headers["retry-after"]) <= LONGEST_WAIT * 3_600 + 1
        assert answer.headers["x-ratelimit-remaining"] == "0"
        assert structured(answer, "ratelimit")["plan.poor"]["r"] == 0
        assert structured(answer, "ratelimit-policy")["plan.poor"] == {"q": 1, "w": 3_600}

    def test_what_is_left_goes_down(self, house: House) -> None:
        """Each request of a caller leaves one less, a 304 leaves it as it is, and nothing is left below zero.

        A 304 that comes when a tenth of the window has just ended is not given back: some of a few callers meet none.
        """
        with house(HTTP__TRUSTED_PROXIES="127.0.0.1") as running:
            assert any(_goes_down(running.anonymous, f"198.51.100.{number}") for number in range(4))

    @pytest.mark.parametrize("path", ["/livez", "/readyz", "/docs", "/errors", "/api/v2/openapi.json", "/nowhere"])
    def test_what_is_not_limited_carries_none(self, served: Served, path: str) -> None:
        """Outside the limits no limit is told."""
        headers = served.anonymous.get(path).headers
        assert not [name for name in headers if name.startswith(("x-ratelimit", "ratelimit"))]


def _goes_down(client: httpx.Client, address: str) -> bool:
    client.headers["X-Forwarded-For"] = address
    first = client.get(PETS)
    for _ in range(3):
        assert client.get(PETS, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    following = [first, *(client.get(PETS) for _ in range(9))]
    if [int(answer.headers["x-ratelimit-remaining"]) for answer in following] != list(range(9, -1, -1)):
        return False
    problem(client.get(PETS), 429)
    return True


class TestReplay:
    def test_a_replayed_answer_says_so(self, served: Served) -> None:
        """Only an answer that was given before carries Idempotency-Replayed."""
        headers, body = {"Idempotency-Key": f"key-{uuid4()}"}, {"name": "Rex", "species": "dog"}
        first, second = (served.client.post(PETS, json=body, headers=headers) for _ in range(2))
        assert "idempotency-replayed" not in first.headers
        assert second.headers["idempotency-replayed"] == "true"
        assert first.headers["x-request-id"] != second.headers["x-request-id"]
        assert {field: second.headers[field] for field in SECURITY} == SECURITY


def links(answer: httpx.Response) -> dict[str, str]:
    """Targets by relation (RFC 8288)."""
    found = {}
    for value in answer.headers.get_list("link"):
        for target, parameters in re.findall(r"<([^>]*)>((?:\s*;\s*[\w*]+=\"[^\"]*\")*)", value):
            relation = re.search(r'rel="([^"]+)"', parameters)
            assert relation is not None, value
            found[relation[1]] = target
    return found


class TestDeprecation:
    PATH = "/api/v1/pets/search"

    def test_it_names_its_beginning_its_end_and_its_successor(self, served: Served) -> None:
        """Deprecation is a structured date (RFC 9745), Sunset an HTTP-date that is not earlier (RFC 8594)."""
        for answer in (served.client.get(f"{self.PATH}?name=x"), served.client.get(self.PATH)):
            since, parameters = http_sf.parse(answer.headers["deprecation"].encode(), tltype="item")
            assert (since, parameters) == (datetime(2026, 11, 1, tzinfo=UTC), {})
            assert answer.headers["sunset"].endswith(" GMT")
            assert parsedate_to_datetime(answer.headers["sunset"]) >= since
            found = links(answer)
            assert found["successor-version"] == f"https://api.example.org{PETS}"
            assert found["deprecation"].startswith("https://api.example.org/docs/deprecations#")

    def test_the_page_that_it_names_is_there(self, served: Served) -> None:
        """The link leads to a place on a page that exists."""
        path, _, place = links(served.client.get(self.PATH))["deprecation"].partition("#")
        page = served.anonymous.get(path.removeprefix("https://api.example.org"))
        assert page.status_code == 200
        assert f'id="{place}"' in page.text

    def test_nothing_else_carries_it(self, every: dict[str, httpx.Response]) -> None:
        """What is not deprecated does not say so."""
        assert not [name for name, answer in every.items() if "deprecation" in answer.headers]

    def test_410_after_the_sunset(self, house: House) -> None:
        """Once the sunset has come the operation is gone, and the answer still names its successor."""
        clock = TurnableClock(datetime(2027, 11, 1, tzinfo=UTC) - timedelta(seconds=1))
        with house(clock=clock) as running:
            assert running.client.get(f"{self.PATH}?name=x").status_code == 200
            clock.turn(1)
            answer = running.client.get(f"{self.PATH}?name=x")
            problem(answer, 410, "GONE")
            assert "x-ratelimit-remaining" in answer.headers
            assert links(answer)["successor-version"] == f"https://api.example.org{PETS}"


class TestHead:
    @each(lambda operation: operation.method == "GET")
    def test_head_is_get_without_a_body(self, served: Served, operation: Operation) -> None:
        """Every operation that can be got can be asked for its header alone: same status, same fields, no body."""
        path = address(operation)
        with served.with_key(ADMIN_KEY) as plain:
            # How long the gzip form is differs with the request's id.
            plain.headers["accept-encoding"] = "identity"
            got, asked = call(plain, operation, path), plain.head(path)
        assert asked.status_code == got.status_code
        assert asked.content == b""
        names = ["content-type", "etag", "cache-control", "vary", "link", "content-security-policy"]
        names += [] if name_of(operation) == "GET /metrics" else ["content-length"]
        assert _steady(asked, names) == _steady(got, names)


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    """A house with limits so wide that only who has a plan of one call meets them."""
    with house(TELEMETRY__ACCESS_LOG="false") as running:
        running.client.put("/api/v2/limits/pets.list", json={"rate": "100000/hour"})
        yield running


def _steady(answer: httpx.Response, names: list[str]) -> dict[str, str]:
    """Its fields, without the nonce that each page has of its own."""
    return {name: re.sub("'nonce-[^']*'", "", answer.headers.get(name, "")) for name in names}
