"""Consumers' demands in the house's own operations: reported, read without what is personal, deleted."""

from collections.abc import Iterator
from typing import Any

import pytest

from esteio.base.clock import TurnableClock
from tests.conftest import House
from tests.house import Served
from tests.outages.consumers import BAKERY, BASE, MARIA, ask, closed, demand, new_protocol, put, send
from tests.outages.test_siblings import LAST_MINUTE

PERSONAL = [*MARIA.values(), *BAKERY.values()]


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    """A house whose clock stands still in the night to 21 November 2026."""
    with house(clock=TurnableClock(LAST_MINUTE), LIMITS__ENABLED="false", TELEMETRY__ACCESS_LOG="false") as running:
        yield running


def wrong(served: Served, **changes: Any) -> list[tuple[str, str]]:
    """The fields that are refused, and why; nothing that was sent is repeated, and nothing is written."""
    protocol = new_protocol()
    answer = served.client.put(f"{BASE}/{protocol}", json=demand(**changes))
    assert answer.status_code == 422, answer.text
    assert not [value for value in PERSONAL if value in answer.text]
    assert served.client.get(f"{BASE}/{protocol}").status_code == 404
    return [(error["field"], error["message"]) for error in answer.json()["errors"]]


class TestReporting:
    def test_new_then_the_same_again(self, served: Served) -> None:
        """A demand is made by its first report and is the same after the second."""
        protocol = new_protocol()
        first, second = (served.client.put(f"{BASE}/{protocol}", json=demand()) for _ in range(2))
        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json()["data"] == second.json()["data"]
        assert first.headers["location"] == f"{BASE}/{protocol}"
        assert served.client.get(first.headers["location"]).json()["data"] == first.json()["data"]

    def test_a_report_is_whole(self, served: Served) -> None:
        """A later report takes the place of all that the earlier one said, the consumer too."""
        protocol = put(served.client)
        send(served.client, protocol, closed(LAST_MINUTE, consumer=BAKERY, channel=12))
        found = ask(served.client, protocol).json()["demanda"]
        assert (found["numUC"], found["idcCanalAtendimento"], found["idcStatus"]) == (BAKERY["uc"], 12, 1)
        send(served.client, protocol, demand())
        assert ask(served.client, protocol).json()["demanda"]["dthEncerramento"] is None

    def test_nothing_personal_comes_back(self, served: Served) -> None:
        """Neither the answer to a report nor the list nor the one demand says who made it."""
        protocol = new_protocol()
        answers = [
            served.client.put(f"{BASE}/{protocol}", json=demand()),
            served.client.get(f"{BASE}/{protocol}"),
            served.client.get(BASE, params={"limit": 100}),
        ]
        for answer in answers:
            assert protocol in answer.text
            assert "consumer" not in answer.text
            assert not [value for value in PERSONAL if value in answer.text]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"channel": 0}, "channel"),
            ({"channel": 13}, "channel"),
            ({"level": 0}, "level"),
            ({"level": 3}, "level"),
            ({"typology": "102060"}, "typology"),
            ({"typology": "10206041"}, "typology"),
            ({"typology": "1020604\n"}, None),
            ({"typology": "102060a"}, "typology"),
            ({"typology": "１０２０６０４"}, "typology"),
            ({"status": 3}, "status"),
            ({"merit": 4}, "merit"),
            ({"treatment": 3}, "treatment"),
            ({"municipio": 99}, "municipio"),
            ({"municipio": 2**31}, "municipio"),
            ({"status": 1}, "closed_at"),
            ({"closed_at": "2026-11-20T15:00:00Z"}, "closed_at"),
            ({"status": 2, "closed_at": "2026-11-20T15:00:00Z"}, "closed_at"),
            ({"status": 1, "closed_at": "2026-11-20T14:59:59Z"}, "closed_at"),
            ({"status": 1, "closed_at": "2026-11-21T03:04:01Z"}, "closed_at"),
            ({"opened_at": "2026-11-21T03:04:01Z"}, "opened_at"),
            ({"opened_at": "1989-12-31T23:59:59Z"}, "opened_at"),
            ({"opened_at": "0001-01-01T00:00:00+05:00"}, "opened_at"),
            ({"opened_at": "2026-11-20T15:00:00"}, "opened_at"),
            ({"consumer": MARIA | {"uc": ""}}, "consumer.uc"),
            ({"consumer": MARIA | {"uc": "1" * 16}}, "consumer.uc"),
            ({"consumer": MARIA | {"name": "x" * 51}}, "consumer.name"),
            ({"consumer": MARIA | {"name": "Maria\u0000"}}, "consumer.name"),
            ({"consumer": MARIA | {"name": "Maria\nde Souza"}}, "consumer.name"),
            ({"consumer": MARIA | {"cpf_cnpj": "123.456.789-09"}}, "consumer.cpf_cnpj"),
            ({"consumer": MARIA | {"cpf_cnpj": "1234567890"}}, "consumer.cpf_cnpj"),
            ({"consumer": MARIA | {"cpf_cnpj": "123456789012"}}, "consumer.cpf_cnpj"),
            ({"consumer": MARIA | {"cpf_cnpj": "12ABC34501DE3X"}}, "consumer.cpf_cnpj"),
            ({"consumer": MARIA | {"cpf_cnpj": 12345678909}}, "consumer.cpf_cnpj"),
            ({"consumer": None}, "consumer"),
        ],
    )
    def test_what_cannot_be(self, served: Served, changes: dict[str, Any], field: str | None) -> None:
        """A value outside ANEEL's codes, lengths and forms is refused at its own field; blanks around it are not."""
        if field is None:
            put(served.client, **changes)
            return
        assert [name for name, _ in wrong(served, **changes)] == [field]

    def test_the_words(self, served: Served) -> None:
        """Whoever maps a source reads what to change."""
        assert wrong(served, status=1) == [("closed_at", "A closed demand (status 1) says when it was closed")]
        assert wrong(served, opened_at="2030-01-01T00:00:00Z") == [("opened_at", "This lies in the future.")]
        number = "Write the 11 digits of a CPF or the 14 characters of a CNPJ, without punctuation"
        assert wrong(served, consumer=MARIA | {"cpf_cnpj": "x"}) == [("consumer.cpf_cnpj", number)]

    def test_a_number_with_letters(self, served: Served) -> None:
        """A company's number of the form with letters is taken and told to the regulator as it is."""
        protocol = put(served.client, consumer=BAKERY | {"cpf_cnpj": "12ABC34501DE35"})
        assert ask(served.client, protocol).json()["demanda"]["numCPFCNPJ"] == "12ABC34501DE35"

    @pytest.mark.parametrize("protocol", ["1" * 30, "2026.001-2_a", "A", "a:b;c'd\"e", "x%25y", "%C3%A9"])
    def test_protocols(self, served: Served, protocol: str) -> None:
        """Whatever can be a protocol is found again under it; nothing else is taken."""
        answer = served.client.put(f"{BASE}/{protocol}", json=demand())
        if protocol == "%C3%A9":
            assert [error["field"] for error in answer.json()["errors"]] == ["protocol"]
            return
        assert answer.status_code == 201
        said = answer.json()["data"]["protocol"]
        assert ask(served.client, said).json()["demanda"]["numProtocolo"] == said
        assert served.client.get(answer.headers["location"]).json()["data"]["protocol"] == said
        assert served.client.put(f"{BASE}/{'1' * 31}", json=demand()).status_code == 422


class TestReading:
    def test_the_list_by_filters_and_pages(self, served: Served) -> None:
        """The list has what the filters leave, by protocol, in pages of either kind."""
        named = sorted(put(served.client, municipio=1400704, channel=number % 2 + 1) for number in range(5))
        mine = {"municipio": 1400704}
        by_number = served.client.get(BASE, params={**mine, "per_page": 2, "page": 2}).json()
        assert [row["protocol"] for row in by_number["data"]] == named[2:4]
        assert by_number["meta"]["pagination"]["total"] == 5
        first = served.client.get(BASE, params={**mine, "limit": 3}).json()
        rest = served.client.get(BASE, params={**mine, "cursor": first["meta"]["pagination"]["next"]}).json()
        assert [row["protocol"] for row in first["data"] + rest["data"]] == named
        odd = served.client.get(BASE, params={**mine, "channel": 2}).json()["data"]
        assert [row["protocol"] for row in odd] == [named[1], named[3]]
        assert served.client.get(BASE, params={**mine, "status": 1}).json()["data"] == []

    def test_unknown(self, served: Served) -> None:
        """What is not there is not found."""
        for method in ("GET", "DELETE"):
            assert served.client.request(method, f"{BASE}/never-reported").status_code == 404


class TestDeleting:
    def test_gone_and_on_record(self, served: Served) -> None:
        """A deleted demand is nowhere any more but in the audit log, which says who deleted it."""
        protocol = put(served.client)
        assert served.client.delete(f"{BASE}/{protocol}").status_code == 204
        assert served.client.delete(f"{BASE}/{protocol}").status_code == 404
        assert ask(served.client, protocol).json()["demanda"] is None
        assert served.sql("SELECT 1 FROM outage_demands WHERE protocol = $1", protocol) == []
        subject = {"subject": f"demand:{protocol}", "action": "demand.deleted"}
        entries = served.client.get("/api/v2/audit", params=subject).json()["data"]
        assert [(entry["outcome"], entry["details"]) for entry in entries] == [("done", {})]
        assert entries[0]["actor"] == served.client.get("/api/v2/auth/me").json()["data"]["id"]
