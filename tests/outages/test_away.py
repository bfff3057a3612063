"""The regulator's question while the database is away: what was so a while ago, then a failure, then the truth."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest

from esteio.base.clock import TurnableClock
from esteio.embedded.engines import Engines
from esteio.services.outages.part import OutagesPart
from tests.conftest import House
from tests.faults.calls import some_attempt
from tests.faults.conftest import IMPATIENT, postgres_socket, through, valkey_socket
from tests.faults.proxy import Proxy, proxied
from tests.house import Served, eventually
from tests.outages.stored import polled, store_outage

PATH = "/quantitativointerrupcoesativas"
NOW = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)
FAILED = {
    "idcStatusRequisicao": 2,
    "desStatusRequisicao": "Serviço indisponível",
    "emailIndisponibilidade": "radar@distribuidora.com.br",
    "mensagem": "Não foi possível atender à requisição no momento",
    "interrupcaoFornecimento": [],
}
Away = Callable[..., AbstractContextManager["Placed"]]


@dataclass
class Placed:
    """A house with ways to its engines that can be harmed, and its clock."""

    served: Served
    database: Proxy
    redis: Proxy
    clock: TurnableClock

    def ask(self, **asked: str) -> dict[str, Any]:
        answer = self.served.client.get(PATH, params=asked)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def out(self) -> int:
        answer = self.ask()
        assert answer["idcStatusRequisicao"] == 1, answer
        return sum(row["qtdOcorrenciaNaoProgramada"] for row in answer["interrupcaoFornecimento"])

    def out_again(self, units: int) -> bool:
        """Whether the answer is the true one, that of the database."""
        answer = self.ask()
        rows = answer["interrupcaoFornecimento"]
        return answer["idcStatusRequisicao"] == 1 and sum(row["qtdOcorrenciaNaoProgramada"] for row in rows) == units


@pytest.fixture(scope="module")
def away(engines: Engines, house: House, new_database: Callable[[], str], new_redis: Callable[[], str]) -> Away:
    @contextmanager
    def placed(database_url: str | None = None, redis_url: str | None = None, **changes: str) -> Iterator[Placed]:
        clock, url = TurnableClock(NOW), database_url or new_database()
        number = (redis_url or new_redis()).rpartition("db=")[2]
        with proxied(postgres_socket(engines)) as database, proxied(valkey_socket(engines)) as redis:
            given = {"database_url": through(database, url), "redis_url": f"redis://127.0.0.1:{redis.port}/{number}"}
            with house(clock=clock, **given, **{**IMPATIENT, "OUTAGES__CACHED": "0", **changes}) as served:
                served.database_url = url
                served.client.put("/api/v2/limits/outages.radar", json={"rate": "100000/minute"}).raise_for_status()
                try:
                    yield Placed(served, database, redis, clock)
                finally:
                    database.set("pass")
                    redis.set("pass")

    return placed


def test_a_stale_answer_then_a_failure_then_the_truth(away: Away) -> None:
    """Within 3600 s the last good answer, past them status 2, and the truth without a restart; all of it on record."""
    with away() as house:
        store_outage(house.served, (12727, 1400100, 5), start=NOW - timedelta(hours=1))
        assert house.out() == 5
        house.database.set("refuse")
        house.clock.turn(3600)
        assert house.out() == 5
        house.clock.turn(1)
        assert house.ask() == FAILED
        house.database.set("pass")
        store_outage(house.served, (12727, 1400100, 7), start=NOW - timedelta(hours=1))
        eventually(lambda: house.out_again(12))
        served = house.served
        kinds = {("database", 1), ("stale", 1), ("none", 2)}
        eventually(lambda: {(row["source"], row["outcome"]) for row in polled(served)} == kinds)


def test_the_past_is_never_guessed(away: Away) -> None:
    """What was so at a moment is not told from what is so now."""
    with away() as house:
        assert house.out() == 0
        house.database.set("refuse")
        assert house.ask(dthRecuperacao="21/11/2026 14:00") == FAILED


def test_what_another_process_knew(away: Away, new_database: Callable[[], str], new_redis: Callable[[], str]) -> None:
    """A process that has not been asked yet answers with what another one learned, as long as Redis has it."""
    engines = new_database(), new_redis()
    with away(*engines) as one, away(*engines) as other:
        store_outage(one.served, (12727, 1400100, 5), start=NOW - timedelta(hours=1))
        assert one.out() == 5
        other.database.set("refuse")
        eventually(lambda: other.ask()["idcStatusRequisicao"] == 1)
        assert other.out() == 5


def test_both_engines_away(away: Away) -> None:
    """Without Redis too a process answers with what it knows itself, and one that knows nothing says so."""
    with away() as house:
        store_outage(house.served, (12727, 1400100, 5), start=NOW - timedelta(hours=1))
        house.redis.set("refuse")
        house.database.set("refuse")
        assert house.ask() == FAILED
        house.database.set("pass")
        eventually(lambda: house.out_again(5))
        house.database.set("refuse")
        assert house.out() == 5


def test_no_standby(away: Away) -> None:
    """With the setting at 0 nothing is given but the truth."""
    with away(OUTAGES__STALE="0") as house:
        assert house.out() == 0
        house.database.set("refuse")
        assert house.ask() == FAILED


def test_a_kept_answer_needs_no_database(away: Away) -> None:
    """Within its own time the answer is at hand as ever."""
    with away(OUTAGES__CACHED="300") as house:
        eventually(lambda: house.served.app.resources.bulletin.connected)
        assert house.out() == 0
        house.database.set("refuse")
        house.clock.turn(299)
        assert house.out() == 0
        served = house.served
        house.database.set("pass")
        assert eventually(lambda: [row["source"] for row in polled(served)] == ["database", "cache"])


@pytest.mark.parametrize("mode", ["refuse", "silent"])
def test_within_the_regulators_five_seconds(away: Away, mode: str) -> None:
    """However the database is away, the stale answer arrives within 5 s."""
    with away() as house:

        def late() -> list[str]:
            house.database.set("pass")
            eventually(lambda: house.out_again(0))
            house.database.set(mode)  # type: ignore[arg-type]
            began = monotonic()
            assert house.out() == 0
            taken = monotonic() - began
            return [f"{taken} s"] if taken > 5.0 else []

        some_attempt(late)


def test_a_key_of_the_table_is_not_known_without_it(away: Away) -> None:
    """A stored key serves while it was proved moments ago; later it cannot be proved, and nothing is told to it."""
    with away() as house:
        store_outage(house.served, (12727, 1400100, 5), start=NOW - timedelta(hours=1))
        with house.served.with_key(house.served.key("outages:poll")) as client:
            assert client.get(PATH).json()["idcStatusRequisicao"] == 1
            house.database.set("refuse")
            assert client.get(PATH).json()["interrupcaoFornecimento"] != []
            house.clock.turn(5)
            answer = client.get(PATH)
            assert (answer.status_code, answer.json()) == (200, FAILED)
        assert house.out() == 5


def test_questions_wait_to_be_recorded(away: Away) -> None:
    """What is asked while the database is away is on record when it is back, with the time at which it was asked."""
    with away() as house:
        assert house.out() == 0
        house.database.set("refuse")
        for _ in range(5):
            house.clock.turn(30)
            house.out()
        served = house.served
        part: OutagesPart = served.app.api.state.house.parts["outages"]
        assert served.run(part.polls.flush) is False, "nothing can be written now"
        house.database.set("pass")
        rows = eventually(lambda: len(rows := polled(served)) == 6 and rows)
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    assert [(row["source"], row["outcome"]) for row in rows[1:]] == [("stale", 1)] * 5
    assert rows[-1]["at"] - rows[0]["at"] > timedelta(seconds=90), "not the time at which they were written"
