"""ANEEL's questions for demands: the answers byte for byte, what each number counts, how long a demand is shown."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from jsonschema_rs import Draft202012Validator

from esteio.base.clock import TurnableClock
from tests.conftest import House
from tests.house import Served, eventually
from tests.outages.consumers import (
    BAKERY,
    BASE,
    COUNTS,
    DEMAND,
    ELSE,
    LOOKED_INTO,
    OTHER,
    UNFOUNDED,
    WELL_FOUNDED,
    ask,
    closed,
    put,
    send,
)

LAST_MINUTE = datetime(2026, 11, 21, 2, 59, tzinfo=UTC)
"""23:59 of 20 November in Brasília; 22:59 in Roraima; the day after in UTC."""

NOT_FOUND = b'{"idcStatusRequisicao":2,"mensagem":"Protocolo nao encontrado","demanda":null}'
HOUR = 3600


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(LAST_MINUTE)


@pytest.fixture
def served(house: House, clock: TurnableClock, database: str) -> Iterator[Served]:
    """A house without demands whose clock shows the last minute of a day of Brasília."""
    with house(clock=clock, database_url=database, LIMITS__ENABLED="false", TELEMETRY__ACCESS_LOG="false") as running:
        running.sql("DELETE FROM outage_demands")
        yield running


@pytest.fixture(scope="module")
def database(new_database: Any) -> str:
    found: str = new_database()
    return found


def counts(served: Served) -> list[list[Any]]:
    """The rows of the first operation, as their values."""
    answer = served.client.get(COUNTS)
    assert answer.json()["idcStatusRequisicao"] == 1, answer.text
    return [list(row.values()) for row in answer.json()["demandasDiversas"]]


class TestShape:
    def test_counts_byte_for_byte(self, served: Served) -> None:
        """The members are ANEEL's, in its order and with its types; the rows in the order of their key."""
        now = LAST_MINUTE
        put(served.client, level=2, channel=12, typology="0000001")
        put(served.client, level=1, channel=10, typology="1020604")
        put(served.client, level=1, channel=2, typology="1020604")
        send(served.client, "x1", closed(now, UNFOUNDED, opened_at="2026-11-19T00:00:00Z"))
        expected = (
            b'{"idcStatusRequisicao":1,"mensagem":"","demandasDiversas":['
            b'{"idcNivelAtendimento":1,"idcCanalAtendimento":2,"idcTipologia":"1020604","qtdAndamentoNoMomento":1,'
            b'"qtdRegistradaNoDia":1,"qtdImprocedenteNoDia":1,"qtdProcedenteNoDia":0,"qtdSemProcedenciaNoDia":0},'
            b'{"idcNivelAtendimento":1,"idcCanalAtendimento":10,"idcTipologia":"1020604","qtdAndamentoNoMomento":1,'
            b'"qtdRegistradaNoDia":1,"qtdImprocedenteNoDia":0,"qtdProcedenteNoDia":0,"qtdSemProcedenciaNoDia":0},'
            b'{"idcNivelAtendimento":2,"idcCanalAtendimento":12,"idcTipologia":"0000001","qtdAndamentoNoMomento":1,'
            b'"qtdRegistradaNoDia":1,"qtdImprocedenteNoDia":0,"qtdProcedenteNoDia":0,"qtdSemProcedenciaNoDia":0}]}'
        )
        for prefix in ("", "/radar"):
            answer = served.client.get(prefix + COUNTS)
            assert (answer.status_code, answer.content) == (200, expected)
            assert answer.headers["content-type"] == "application/json"
            assert answer.headers["cache-control"] == "no-store"

    def test_no_demands(self, served: Served) -> None:
        """Without demands there is an empty list, not an error."""
        empty = b'{"idcStatusRequisicao":1,"mensagem":"","demandasDiversas":[]}'
        assert served.client.get(COUNTS).content == empty

    def test_an_open_demand_byte_for_byte(self, served: Served) -> None:
        """A demand has ANEEL's members in its order, Brasília's time, and no end while it is open."""
        put(served.client, "2026.00042-X", opened_at="2026-11-20T15:04:59.9Z", municipio=1400472, treatment=1)
        expected = (
            b'{"idcStatusRequisicao":1,"mensagem":"","demanda":{"numProtocolo":"2026.00042-X","numUC":"0012345678",'
            b'"numCPFCNPJ":"12345678909","nomeTitularUC":"Maria Inventada de Souza","idcCanalAtendimento":2,'
            b'"idcTipologia":"1020604","idcStatus":0,"idcProcedencia":2,"dthAbertura":"20/11/2026 12:04",'
            b'"dthEncerramento":null,"ideMunicipio":1400472,"idcNivelTratamento":1}}'
        )
        for prefix in ("", "/radar"):
            answer = served.client.get(prefix + DEMAND, params={"numProtocolo": "2026.00042-X"})
            assert (answer.status_code, answer.content) == (200, expected)
            assert answer.headers["cache-control"] == "no-store"

    def test_a_closed_demand(self, served: Served) -> None:
        """A closed demand tells its end in the same form; accents and a company's number come through."""
        consumer = BAKERY | {"name": "Açougue São João Ficção & Cia"}
        body = closed(datetime(2026, 11, 21, 2, 30, tzinfo=UTC), consumer=consumer)
        found = ask(served.client, send(served.client, "7", body)).json()["demanda"]
        assert (found["dthEncerramento"], found["idcStatus"]) == ("20/11/2026 23:30", 1)
        assert (found["nomeTitularUC"], found["numCPFCNPJ"]) == (consumer["name"], "11222333000181")

    def test_with_the_head(self, house: House, clock: TurnableClock) -> None:
        """Where the settings say so both have the head of the first operation, in the form that is set."""
        with house(
            clock=clock, LIMITS__ENABLED="false", TELEMETRY__ACCESS_LOG="false", OUTAGES__SIBLINGS_HEAD="true"
        ) as whole:
            assert whole.client.get(COUNTS).content == (
                b'{"idcStatusRequisicao":1,"desStatusRequisicao":"Sucesso",'
                b'"emailIndisponibilidade":"radar@distribuidora.com.br","mensagem":"","demandasDiversas":[]}'
            )
            assert list(ask(whole.client, "none").json()) == [
                "idcStatusRequisicao",
                "desStatusRequisicao",
                "emailIndisponibilidade",
                "mensagem",
                "demanda",
            ]


class TestRefusals:
    @pytest.mark.parametrize(("path", "empty"), [(COUNTS, b'"demandasDiversas":[]}'), (DEMAND, b'"demanda":null}')])
    def test_each_has_the_form(self, served: Served, path: str, empty: bytes) -> None:
        """A missing key, a wrong one, a caller without the permission and another method are told in the contract."""
        powerless = served.with_key(served.key())
        asked = [
            (served.anonymous.get(path), 401, "Header x-api-key nao fornecido"),
            (served.with_key("wrong").get(path), 401, "API Key invalida ou expirada"),
            (powerless.get(path), 403, "API Key sem permissão para esta consulta"),
            (served.client.post(path), 405, "Utilize o método GET"),
        ]
        for answer, status, words in asked:
            head = f'{{"idcStatusRequisicao":2,"mensagem":"{words}",'.encode()
            assert (answer.status_code, answer.content) == (status, head + empty)
            assert (answer.headers.get("www-authenticate") == "ApiKey") == (status == 401)
        assert served.client.head(path).status_code == 405

    @pytest.mark.parametrize("query", ["", "?numProtocolo=", f"?numProtocolo={'1' * 31}", "?numProtocolo=a%00b"])
    def test_what_is_no_protocol(self, served: Served, query: str) -> None:
        """A protocol that is missing, empty, too long or impossible is told apart from one that is not known."""
        answer = served.client.get(DEMAND + query)
        assert answer.status_code == 200
        assert answer.json() == {
            "idcStatusRequisicao": 2,
            "mensagem": "numProtocolo deve ser informado uma vez, com 1 a 30 caracteres",
            "demanda": None,
        }

    def test_a_repeated_protocol(self, served: Served) -> None:
        """Two protocols are none, also where both are known."""
        one = put(served.client)
        answer = served.client.get(f"{DEMAND}?numProtocolo={one}&numProtocolo={one}")
        assert (answer.status_code, answer.json()["idcStatusRequisicao"], answer.json()["demanda"]) == (200, 2, None)

    def test_429_after_ten(self, house: House) -> None:
        """Ten questions a minute are answered, the next is refused in the contract with when to come again; the
        distributor's own operations, and the regulator's first one, have limits of their own."""
        with house() as limited:
            answers = [limited.client.get(COUNTS) for _ in range(11)]
            assert [answer.status_code for answer in answers] == [200] * 10 + [429]
            assert answers[-1].json()["demandasDiversas"] == []
            assert int(answers[-1].headers["retry-after"]) >= 1
            assert limited.client.get(BASE).status_code == 200
            assert limited.client.get("/quantitativointerrupcoesativas").status_code == 200

    def test_a_failure_is_status_2(self, served: Served) -> None:
        """What fails inside is a 200 with status 2 and words that leak nothing, and heals by itself."""
        protocol = put(served.client)
        served.sql("ALTER TABLE outage_demands RENAME TO hidden_demands")
        try:
            for answer, empty in ((served.client.get(COUNTS), "[]"), (ask(served.client, protocol), "null")):
                assert answer.status_code == 200
                assert answer.text.startswith('{"idcStatusRequisicao":2,"mensagem":"Não foi possível atender')
                assert answer.text.endswith(f"{empty}}}")
                assert "outage_demands" not in answer.text
        finally:
            served.sql("ALTER TABLE hidden_demands RENAME TO outage_demands")
        assert eventually(lambda: counts(served))


class TestCounts:
    def test_the_day_is_that_of_brasilia(self, served: Served, clock: TurnableClock) -> None:
        """What was opened and closed counts until the last minute of the day in Brasília and not after it; what is in
        progress goes on counting."""
        first, last = "2026-11-20T03:00:00Z", "2026-11-21T02:59:00Z"
        for opened_at in (first, last, "2026-11-20T02:59:59.999Z"):
            put(served.client, opened_at=opened_at)
        send(served.client, "c1", closed(datetime.fromisoformat(first), opened_at="2026-11-01T00:00:00Z"))
        send(served.client, "c2", closed(LAST_MINUTE, UNFOUNDED, opened_at="2026-11-20T02:00:00Z"))
        assert counts(served) == [[1, 2, "1020604", 3, 2, 1, 1, 0]]
        clock.turn(59)
        assert counts(served) == [[1, 2, "1020604", 3, 2, 1, 1, 0]]
        clock.turn(1)
        assert counts(served) == [[1, 2, "1020604", 3, 0, 0, 0, 0]]
        put(served.client, opened_at="2026-11-21T03:00:00Z")
        assert counts(served) == [[1, 2, "1020604", 4, 1, 0, 0, 0]]
        clock.turn(24 * HOUR - 1)
        assert counts(served) == [[1, 2, "1020604", 4, 1, 0, 0, 0]]

    def test_by_finding(self, served: Served) -> None:
        """What was closed today counts once: as unfounded, as well founded, or without a finding."""
        merits = [UNFOUNDED, *[WELL_FOUNDED] * 2, *[LOOKED_INTO] * 3, *[ELSE] * 4]
        for number, merit in enumerate(merits):
            send(served.client, f"f{number}", closed(LAST_MINUTE, merit, opened_at="2026-10-01T00:00:00Z"))
        assert counts(served) == [[1, 2, "1020604", 0, 0, 1, 2, 7]]

    def test_nothing_is_no_row(self, served: Served) -> None:
        """Groups whose numbers are all zero are not shown; a demand of status 2 counts on its day of opening only."""
        send(served.client, "old", closed(LAST_MINUTE - timedelta(days=2), opened_at="2026-11-01T00:00:00Z"))
        put(served.client, status=OTHER, opened_at="2026-11-01T00:00:00Z", channel=3)
        put(served.client, status=OTHER, channel=4)
        assert counts(served) == [[1, 4, "1020604", 0, 1, 0, 0, 0]]

    def test_a_closed_demand_leaves_what_is_in_progress(self, served: Served) -> None:
        """When a demand is closed the very next answer shows it."""
        protocol = put(served.client)
        assert counts(served) == [[1, 2, "1020604", 1, 1, 0, 0, 0]]
        send(served.client, protocol, closed(LAST_MINUTE))
        assert counts(served) == [[1, 2, "1020604", 0, 1, 0, 1, 0]]

    def test_rows_end_where_the_contract_does(self, served: Served) -> None:
        """However many groups the sources make, no more than 2 808 rows are told, the first in order."""
        served.sql(
            "INSERT INTO outage_demands (tenant_id, protocol, level, channel, typology, status, merit, treatment, "
            "municipio, opened_at, personal, updated_at) SELECT $1, n::text, 1, 1, lpad(n::text, 7, '0'), 0, 2, 0, "
            "1400100, now(), '', now() FROM generate_series(1, 3000) n",
            "00000000-0000-7000-8000-000000000001",
        )
        rows = counts(served)
        assert [row[2] for row in rows] == [f"{number:07d}" for number in range(1, 2809)]


class TestSixMonths:
    @pytest.mark.parametrize(
        ("now", "edge"),
        [
            ("2026-11-21T02:59:00Z", "2026-05-21T02:59:00Z"),
            ("2026-08-31T15:00:00Z", "2026-02-28T15:00:00Z"),
            ("2026-12-01T02:30:00Z", "2026-05-31T02:30:00Z"),
            ("2027-03-15T12:00:00Z", "2026-09-15T12:00:00Z"),
        ],
    )
    def test_the_edge(self, house: House, database: str, now: str, edge: str) -> None:
        """A closed demand is shown for six calendar months of Brasília after its end; then it is as if it were not."""
        clock, end = TurnableClock(datetime.fromisoformat(now)), datetime.fromisoformat(edge)
        with house(
            clock=clock, database_url=database, LIMITS__ENABLED="false", TELEMETRY__ACCESS_LOG="false"
        ) as served:
            send(served.client, "just", closed(end, opened_at="2026-01-01T00:00:00Z"))
            send(served.client, "past", closed(end - timedelta(seconds=1), opened_at="2026-01-01T00:00:00Z"))
            put(served.client, "open", opened_at="2000-01-01T00:00:00Z")
            assert ask(served.client, "just").json()["demanda"]["numProtocolo"] == "just"
            assert ask(served.client, "open").json()["demanda"]["dthEncerramento"] is None
            assert ask(served.client, "past").content == NOT_FOUND
            clock.turn(1)
            assert ask(served.client, "just").content == NOT_FOUND

    def test_unknown_and_past_are_the_same(self, served: Served) -> None:
        """Whoever asks cannot tell a demand that is not shown any more from one that never was."""
        send(served.client, "past", closed(LAST_MINUTE - timedelta(days=200), opened_at="2026-01-01T00:00:00Z"))
        past, never = (ask(served.client, protocol) for protocol in ("past", "never"))
        assert visible(past) == visible(never) == (200, {"application/json", "no-store"}, NOT_FOUND)


def visible(answer: httpx.Response) -> tuple[int, set[str], bytes]:
    return answer.status_code, {answer.headers[name] for name in ("content-type", "cache-control")}, answer.content


class TestDescription:
    def test_answers_are_as_described(self, served: Served) -> None:
        """The document of the contract describes both answers member by member in their order, and what they hold."""
        put(served.client, "d1")
        send(served.client, "d2", closed(LAST_MINUTE))
        document = served.client.get("/radar/openapi.json").json()
        asked = {COUNTS: [""], DEMAND: ["?numProtocolo=d1", "?numProtocolo=d2", "?numProtocolo=d3", ""]}
        for path, queries in asked.items():
            content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
            schema = {**content["schema"], "components": document["components"]}
            examples = [example["value"] for example in content["examples"].values()]
            answers = [served.client.get(path + query).json() for query in queries]
            for told in (*answers, *examples):
                assert [str(error) for error in Draft202012Validator(schema).iter_errors(told)] == []
            assert list(row_of(answers[0])) == list(row_of(examples[0]))


def row_of(answer: dict[str, Any]) -> dict[str, Any]:
    """What an answer tells: its first row, or its demand."""
    content = list(answer.values())[-1]
    found: dict[str, Any] = content[0] if isinstance(content, list) else content
    return found
