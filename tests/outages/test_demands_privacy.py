"""Who sees a consumer's data, what is left on record of it, and where it does not lie."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from esteio.embedded.engines import Engines
from tests.conftest import House
from tests.contract.process import served_process
from tests.contract.test_secrets import dumped, remembered, spellings
from tests.house import ADMIN_KEY, AMPLE, NO_TLS, Served, environment, eventually, sql, unused_port
from tests.outages.consumers import (
    BAKERY,
    BASE,
    COUNTS,
    DEMAND,
    MARIA,
    Callers,
    ask,
    callers,
    demand,
    new_protocol,
    put,
)
from tests.outages.test_siblings import NOT_FOUND, visible

FAIL = """
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'inner words'; END $$;
"""
ON_AUDIT = "CREATE TRIGGER fail BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION fail()"
AT_COMMIT = (
    "CREATE CONSTRAINT TRIGGER fail_late AFTER INSERT ON audit_log DEFERRABLE INITIALLY DEFERRED "
    "FOR EACH ROW EXECUTE FUNCTION fail()"
)
ENTRIES = "SELECT actor, action, outcome, details::text FROM audit_log WHERE subject = $1 ORDER BY position"


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    with house(LIMITS__ENABLED="false", TELEMETRY__ACCESS_LOG="false") as running:
        running.sql(FAIL)
        yield running


@pytest.fixture(scope="module")
def by(served: Served) -> Callers:
    """Callers who hold one of the permissions each."""
    return callers(served)


@pytest.fixture(scope="module")
def stranger(served: Served) -> httpx.Client:
    """The administrator of another tenant."""
    first = {"email": "boss@elsewhere.example", "name": "B", "password": "correct horse battery"}
    made = served.client.post("/api/v2/tenants", json={"slug": "elsewhere", "name": "Elsewhere", "admin": first})
    assert made.status_code == 201, made.text
    account = {name: first[name] for name in ("email", "password")}
    token = served.anonymous.post("/api/v2/auth/login", json=account).json()["data"]["access_token"]
    body, bearer = {"name": "k", "scopes": ["*"]}, {"Authorization": f"Bearer {token}"}
    return served.with_key(served.anonymous.post("/api/v2/keys", json=body, headers=bearer).json()["data"]["key"])


class TestWhoMay:
    def test_each_permission_opens_its_own(self, by: Callers) -> None:
        """Who may count may not see a consumer, who may see one may not count, and the source may do neither."""
        protocol = put(by.source)
        one, counts, own = (f"{DEMAND}?numProtocolo={protocol}", COUNTS, BASE)
        may = {
            by.poll: {one: 403, counts: 200, own: 403},
            by.personal: {one: 200, counts: 403, own: 403},
            by.source: {one: 403, counts: 403, own: 200},
        }
        for client, expected in may.items():
            assert {path: client.get(path).status_code for path in expected} == expected
            assert (MARIA["name"] in client.get(one).text) == (client is by.personal)
        for client in (by.poll, by.personal):
            assert client.put(f"{BASE}/{protocol}", json=demand()).status_code == 403
            assert client.post(f"{BASE}/bulk", content=b"{}").status_code == 403
            assert client.delete(f"{BASE}/{protocol}").status_code == 403

    def test_another_tenant_learns_nothing(self, by: Callers, stranger: httpx.Client) -> None:
        """Another tenant's question for a demand of ours is answered in the bytes of one for none."""
        protocol = put(by.source)
        theirs, nobodys = visible(ask(stranger, protocol)), visible(ask(stranger, "none"))
        assert theirs == nobodys
        assert theirs[2] == NOT_FOUND
        assert stranger.get(COUNTS).json()["demandasDiversas"] == []
        assert stranger.get(BASE).json()["data"] == []
        assert stranger.get(f"{BASE}/{protocol}").status_code == 404
        assert stranger.delete(f"{BASE}/{protocol}").status_code == 404
        assert by.source.get(f"{BASE}/{protocol}").status_code == 200

    def test_one_protocol_in_two_tenants(self, by: Callers, stranger: httpx.Client) -> None:
        """Two distributors may use the same protocol: each has its own demand."""
        protocol = put(by.source)
        assert stranger.put(f"{BASE}/{protocol}", json=demand(consumer=BAKERY)).status_code == 201
        assert ask(by.personal, protocol).json()["demanda"]["nomeTitularUC"] == MARIA["name"]
        assert ask(stranger, protocol).json()["demanda"]["nomeTitularUC"] == BAKERY["name"]


class TestOnRecord:
    def test_found_and_not_found(self, served: Served, by: Callers) -> None:
        """Each question for a demand leaves who asked for what, and whether it was shown, and nothing of the person."""
        protocol, actor = put(by.source), by.personal.get("/api/v2/auth/me").json()["data"]["id"]
        for asked in (protocol, protocol, "never"):
            ask(by.personal, asked)
        entry = (actor, "demand.read", "done", '{"found": true}')
        assert [tuple(row) for row in served.sql(ENTRIES, f"demand:{protocol}")] == [entry, entry]
        missed = [tuple(row) for row in served.sql(ENTRIES, "demand:never")]
        assert missed == [(actor, "demand.read", "refused", '{"found": false}')]
        shown = served.client.get("/api/v2/audit", params={"subject": f"demand:{protocol}"})
        assert len(shown.json()["data"]) == 2
        assert MARIA["name"] not in shown.text

    @pytest.mark.parametrize("trigger", [ON_AUDIT, AT_COMMIT], ids=["at once", "at the commit"])
    def test_no_record_no_data(self, served: Served, by: Callers, trigger: str) -> None:
        """While the audit log cannot be written nothing is shown, known or not; afterwards it is again."""
        protocol = put(by.source)
        served.sql(trigger)
        try:
            for asked in (protocol, "none"):
                answer = ask(by.personal, asked)
                assert answer.status_code == 200
                assert answer.json() == {
                    "idcStatusRequisicao": 2,
                    "mensagem": "Não foi possível atender à requisição no momento",
                    "demanda": None,
                }
        finally:
            served.sql("DROP TRIGGER IF EXISTS fail ON audit_log")
            served.sql("DROP TRIGGER IF EXISTS fail_late ON audit_log")
        assert ask(by.personal, protocol).json()["demanda"]["nomeTitularUC"] == MARIA["name"]

    def test_no_record_no_deletion(self, served: Served, by: Callers) -> None:
        """What cannot be put on record is not deleted."""
        protocol = put(by.source)
        served.sql(ON_AUDIT)
        try:
            assert by.source.delete(f"{BASE}/{protocol}").status_code >= 500
        finally:
            served.sql("DROP TRIGGER fail ON audit_log")
        assert by.source.get(f"{BASE}/{protocol}").status_code == 200

    def test_questions_are_recorded_as_polls(self, served: Served, by: Callers) -> None:
        """Both operations stand in the record of the regulator's questions, with what came of them."""
        served.sql("DELETE FROM outage_polls")
        protocol = put(by.source)
        by.poll.get(COUNTS)
        ask(by.personal, protocol)
        ask(by.personal, "never")
        statement = "SELECT operation, status, outcome, source, rows FROM outage_polls ORDER BY at, id"
        polls = eventually(lambda: len(found := served.sql(statement)) >= 3 and found)
        rows = len(by.poll.get(COUNTS).json()["demandasDiversas"])
        assert {tuple(poll) for poll in polls} >= {
            ("quantitativodemandasdiversas", 200, 1, "database", rows),
            ("dadosdemanda", 200, 1, "database", 1),
            ("dadosdemanda", 200, 2, "database", 0),
        }


class TestSealed:
    def test_a_sealed_consumer_cannot_be_moved(self, served: Served, by: Callers) -> None:
        """What is sealed for one demand opens for no other: a swapped row shows nobody's data."""
        mine, other = put(by.source), put(by.source, consumer=BAKERY)
        swap = (
            "UPDATE outage_demands SET personal = (SELECT personal FROM outage_demands WHERE protocol = $1) "
            "WHERE protocol = $2"
        )
        served.sql(swap, other, mine)
        answer = ask(by.personal, mine)
        assert (answer.json()["idcStatusRequisicao"], answer.json()["demanda"]) == (2, None)

    def test_the_same_person_is_sealed_anew(self, served: Served, by: Callers) -> None:
        """Two demands of one person have nothing in common that the database could be searched for."""
        protocols = [put(by.source) for _ in range(2)]
        rows = served.sql("SELECT personal FROM outage_demands WHERE protocol = ANY ($1)", protocols)
        assert len({bytes(row["personal"])[-16:] for row in rows}) == 2


@pytest.fixture(scope="module")
def places(
    engines: Engines,
    new_database: Callable[[], str],
    new_redis: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, bytes]:
    """What a process that logs all it can leaves behind of consumers: rightly used, wrongly used, and failing."""
    database, redis_url, output = new_database(), new_redis(), tmp_path_factory.mktemp("demands") / "output"
    given = environment(database, redis_url, TELEMETRY__LOG_LEVEL="debug", TELEMETRY__LOG_FORMAT="json")
    with (
        served_process(given, output, unused_port()) as running,
        httpx.Client(base_url=running.url, headers={"X-API-Key": ADMIN_KEY}, timeout=AMPLE, verify=NO_TLS) as client,
    ):
        use(client, database)
        metrics = client.get("/metrics").content
    return {
        "the log": Path(output).read_bytes(),
        "the database": dumped(database),
        "Redis": remembered(redis_url),
        "the metrics": metrics,
    }


def use(client: httpx.Client, database: str) -> None:
    protocol = put(client)
    assert MARIA["name"] in ask(client, protocol).text
    once = {"Idempotency-Key": "once", "Content-Type": "application/x-ndjson"}
    broken = b'{"name": "' + MARIA["name"].encode()
    assert client.post(f"{BASE}/bulk", content=broken, headers=once).json()["data"]["refused"] == 1
    for consumer in ({**BAKERY, "uc": BAKERY["uc"] * 2}, {**BAKERY, "more": BAKERY["name"]}, [BAKERY["cpf_cnpj"]]):
        body: dict[str, Any] = demand(consumer=consumer)
        assert client.put(f"{BASE}/{new_protocol()}", json=body).status_code == 422
    assert ask(client, BAKERY["name"]).json()["idcStatusRequisicao"] == 2
    sql(database, "ALTER TABLE outage_demands ADD CONSTRAINT fragile CHECK (channel <> 12)")
    body = demand(channel=12, consumer=BAKERY)
    assert client.put(f"{BASE}/{new_protocol()}", json=body).status_code == 500
    sql(database, "UPDATE outage_demands SET personal = 'x'")
    assert ask(client, protocol).json()["demanda"] is None


@pytest.mark.parametrize("place", ["the log", "the database", "Redis", "the metrics"])
def test_no_place_holds_a_person(places: dict[str, bytes], place: str) -> None:
    """No name, number or unit of a consumer stands anywhere in clear, base64, hexadecimal or URL-encoded."""
    values = [*MARIA.values(), *BAKERY.values()]
    assert [value for value in values if any(form in places[place] for form in spellings(value))] == []


def test_the_places_were_looked_at(places: dict[str, bytes]) -> None:
    """Each place holds what it must hold, so that finding nobody there means something."""
    log = places["the log"]
    assert log.count(b"unexpected failure") == 2
    assert log.count(b'"event":"request"') >= 8
    assert b"demand.read" in places["the database"]
    assert b"esteio_" in places["the metrics"]
    assert b"esteio" in places["Redis"]
