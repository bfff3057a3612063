"""Who may call from where: browsers' origins, Host headers, and whose word about a request's origin is believed."""

from collections.abc import Iterator
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from esteio.base.errors import StartRefused
from tests.conftest import House
from tests.contract.problems import problem
from tests.house import Served, eventually

PETS = "/api/v2/pets"
ORIGIN = "https://console.example.org"
FOREIGN = ["https://evil.example", "https://console.example.org.evil.example", "http://console.example.org", "null"]
EXPOSED = {
    "etag",
    "link",
    "location",
    "retry-after",
    "x-request-id",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "ratelimit",
    "ratelimit-policy",
    "idempotency-replayed",
    "deprecation",
    "sunset",
}
TRACE = "0af7651916cd43dd8448eb211c80319c"
HSTS = "strict-transport-security"


def grants(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def names(value: str) -> set[str]:
    return {name.strip().lower() for name in value.split(",")}


def preflight(client: httpx.Client, origin: str, path: str = PETS) -> httpx.Response:
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "x-api-key, if-match"}
    return client.options(path, headers={"Origin": origin, **asked})


@pytest.fixture(scope="module")
def open_to_two(house: House) -> Iterator[Served]:
    """A house that two origins may call."""
    with house(HTTP__CORS_ORIGINS=f"{ORIGIN}/, https://other.example.org") as running:
        yield running


@pytest.fixture(scope="module")
def named(house: House) -> Iterator[Served]:
    """A house that is served under named hosts only."""
    with house(HTTP__TRUSTED_HOSTS="api.example.org, *.tenants.example.org, [::1]") as running:
        yield running


class Behind(NamedTuple):
    """A house that the tests call from 127.0.0.1, and whether it believes what they say as a proxy."""

    served: Served
    believes: bool


@pytest.fixture(scope="module", params=["", "127.0.0.0/8, 10.0.0.0/8"], ids=["nobody", "listed"])
def behind(request: pytest.FixtureRequest, house: House) -> Iterator[Behind]:
    """A house that believes no proxy, then one that believes its neighbours."""
    with house(HTTP__TRUSTED_PROXIES=request.param) as running:
        assert running.client.put("/api/v2/limits/pets.list", json={"rate": "1000/hour"}).status_code == 200
        eventually(lambda: running.anonymous.get(PETS).headers["x-ratelimit-limit"] == "1000")
        yield Behind(running, bool(request.param))


UNKNOWN = f"{PETS}/0f8fad5b-d9cb-469f-a165-708677289501"


class TestCors:
    def test_a_preflight_of_a_listed_origin_is_granted(self, open_to_two: Served) -> None:
        """A preflight needs no credentials, and names the methods and header fields that the API knows."""
        answer = preflight(open_to_two.anonymous, ORIGIN)
        assert answer.status_code in (200, 204)
        granted = grants(answer)
        assert granted["access-control-allow-origin"] == ORIGIN
        assert names(granted["access-control-allow-methods"]) >= {"get", "post", "put", "patch", "delete"}
        wanted = {"authorization", "x-api-key", "content-type", "if-match", "if-none-match", "idempotency-key"}
        assert names(granted["access-control-allow-headers"]) >= wanted
        assert int(granted["access-control-max-age"]) > 0
        assert "origin" in names(answer.headers["vary"])
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"

    @pytest.mark.parametrize("path", [PETS, "/api/v2/users", UNKNOWN, "/nowhere", "/auth/login"])
    def test_every_answer_to_a_listed_origin_can_be_read(self, open_to_two: Served, path: str) -> None:
        """Successes and refusals alike are granted to the one origin that asked, with all fields of ours exposed."""
        granted = grants(open_to_two.anonymous.get(path, headers={"Origin": ORIGIN}))
        assert granted["access-control-allow-origin"] == ORIGIN
        assert granted["access-control-allow-credentials"] == "true"
        assert names(granted["access-control-expose-headers"]) >= EXPOSED

    @pytest.mark.parametrize("origin", FOREIGN)
    def test_a_foreign_origin_is_granted_nothing(self, open_to_two: Served, origin: str) -> None:
        """Who is not listed gets no grant, by no spelling, neither beforehand nor with the answer."""
        assert grants(preflight(open_to_two.anonymous, origin)) == {}
        assert grants(open_to_two.client.get(PETS, headers={"Origin": origin})) == {}

    def test_answers_vary_by_origin_also_without_one(self, open_to_two: Served) -> None:
        """A cache must not give an origin the answer that was made for a caller without one."""
        for headers in ({}, {"Origin": ORIGIN}, {"Origin": FOREIGN[0]}):
            answer = open_to_two.client.get("/.well-known/jwks.json", headers=headers)
            assert "origin" in names(", ".join(answer.headers.get_list("vary")))

    def test_without_a_list_nobody_is_granted_anything(self, house: House) -> None:
        """A house that lists no origin speaks of none."""
        with house() as running:
            assert grants(preflight(running.anonymous, ORIGIN)) == {}
            assert grants(running.client.get(PETS, headers={"Origin": ORIGIN})) == {}

    @pytest.mark.parametrize("origins", ["*", f"{ORIGIN},*", "https://*.example.org", "console.example.org"])
    def test_a_star_is_no_origin(self, house: House, origins: str) -> None:
        """Credentials and a star never meet: the start is refused, with the setting's name."""
        with pytest.raises(StartRefused, match="ESTEIO_HTTP__CORS_ORIGINS"), house(HTTP__CORS_ORIGINS=origins):
            pass


class TestHosts:
    @pytest.mark.parametrize(
        "host",
        ["api.example.org", "API.Example.ORG:8443", "a.tenants.example.org", "a.b.tenants.example.org:1", "[::1]:80"],
    )
    def test_a_listed_host_is_served(self, named: Served, host: str) -> None:
        """Names are compared without case and port; a star stands for subdomains."""
        assert named.client.get(PETS, headers={"Host": host}).status_code == 200

    @pytest.mark.parametrize(
        "host", ["evil.example", "api.example.org.evil.example", "eviltenants.example.org", "127.0.0.1", "", "[::2]"]
    )
    def test_421_for_any_other(self, named: Served, host: str) -> None:
        """A host that is not served here is refused before anything else, with every security header."""
        answer = named.client.get(PETS, headers={"Host": host})
        problem(answer, 421, "UNKNOWN_HOST")
        assert answer.headers["x-content-type-options"] == "nosniff"

    def test_links_are_made_from_the_public_address(self, house: House) -> None:
        """Where any host is served, none of them gets into an answer."""
        with house() as running:
            running.pet()
            answer = running.client.get(PETS, headers={"Host": "evil.example"})
            assert "https://api.example.org" in answer.headers["link"]
            assert "evil.example" not in f"{answer.text}{answer.headers}"


class TestProxies:
    def address_of(self, behind: Behind, forwarded: str) -> str:
        """The address that the audit log has for a call."""
        headers = {"X-Forwarded-For": forwarded, "X-Request-ID": f"from-{uuid4().hex}"}
        made = behind.served.client.post("/api/v2/keys", json={"name": "x", "scopes": []}, headers=headers)
        assert made.status_code == 201
        rows = behind.served.sql("SELECT address FROM audit_log WHERE request_id = $1", headers["X-Request-ID"])
        found: str = rows[0]["address"]
        return found

    @pytest.mark.parametrize(
        ("forwarded", "address"),
        [
            ("203.0.113.9", "203.0.113.9"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("6.6.6.6, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
            ("203.0.113.9, nonsense", "127.0.0.1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("", "127.0.0.1"),
        ],
    )
    def test_the_address_comes_from_listed_proxies_only(self, behind: Behind, forwarded: str, address: str) -> None:
        """X-Forwarded-For is believed up to the last hop that is no listed proxy, and not at all from others."""
        expected = address if behind.believes else "127.0.0.1"
        assert self.address_of(behind, forwarded) == expected

    def test_the_limit_counts_the_believed_address(self, behind: Behind) -> None:
        """A caller cannot leave its limit behind by naming another address, unless a listed proxy names it."""
        first, second = (
            behind.served.anonymous.get(PETS, headers={"X-Forwarded-For": f"192.0.2.{number}"}) for number in (1, 2)
        )
        before, after = (int(answer.headers["x-ratelimit-remaining"]) for answer in (first, second))
        assert (after == before) == behind.believes

    @pytest.mark.parametrize(("scheme", "told"), [("https", True), ("http", False), ("", False)])
    def test_hsts_stands_under_tls_only(self, behind: Behind, scheme: str, told: bool) -> None:
        """X-Forwarded-Proto makes a connection one of TLS when a listed proxy says so."""
        headers = {"X-Forwarded-Proto": scheme} if scheme else {}
        for path in (PETS, "/docs", "/nowhere"):
            answer = behind.served.client.get(path, headers=headers)
            assert (HSTS in answer.headers) == (told and behind.believes)

    def test_a_trace_goes_on_from_listed_proxies_only(self, behind: Behind) -> None:
        """A valid traceparent is continued when a listed proxy sends it; otherwise a trace of our own begins."""
        headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        found = problem(behind.served.client.get(f"{PETS}/{uuid4()}", headers=headers), 404)["trace_id"]
        assert (found == TRACE) == behind.believes

    @pytest.mark.parametrize("value", ["", f"00-{'0' * 32}-b7ad6b7169203331-01", f"ff-{TRACE}-b7ad6b7169203331-01"])
    def test_a_malformed_trace_is_not_continued(self, behind: Behind, value: str) -> None:
        """What is no traceparent begins a new trace, whoever sends it."""
        found = problem(behind.served.client.get(f"{PETS}/{uuid4()}", headers={"traceparent": value}), 404)["trace_id"]
        assert found not in (TRACE, "0" * 32)
