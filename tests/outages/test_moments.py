"""`dthRecuperacao`: which moment it names, how far back it may lie, and what was so then."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from esteio.base.clock import TurnableClock
from esteio.services.outages.regulator.moments import OutsideWindow, moment_of
from tests.conftest import House
from tests.house import Served
from tests.outages.stored import store_outage

PATH = "/quantitativointerrupcoesativas"
NOW = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)
WEEK = timedelta(days=7)


@contextmanager
def local_zone(name: str) -> Iterator[None]:
    """The process's own time zone for a while."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(NOW)


@pytest.fixture
def served(house: House, clock: TurnableClock) -> Iterator[Served]:
    with house(clock=clock) as running:
        running.client.put("/api/v2/limits/outages.radar", json={"rate": "100000/minute"}).raise_for_status()
        yield running


def asked(served: Served, said: str) -> dict[str, Any]:
    answer = served.client.get(PATH, params={"dthRecuperacao": said})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def out(served: Served, said: str) -> int:
    """How many units were out at the moment."""
    answer = asked(served, said)
    assert answer["idcStatusRequisicao"] == 1, answer
    return sum(row["qtdOcorrenciaNaoProgramada"] for row in answer["interrupcaoFornecimento"])


@pytest.mark.parametrize("zone", ["America/Boa_Vista", "UTC", "Asia/Tokyo"])
def test_brasilia_wherever_the_process_is(served: Served, zone: str) -> None:
    """14:30 is 17:30 UTC, whether the machine's clock shows Roraima's time or any other."""
    store_outage(served, (1, 1, 5), start=NOW - timedelta(minutes=1), end=NOW + timedelta(seconds=30))
    with local_zone(zone):
        assert datetime.now().astimezone().tzinfo is not None
        assert out(served, "21/11/2026 14:30") == 5
        assert out(served, "21/11/2026 14:28") == 0
        assert out(served, "21/11/2026 13:30") == 0
        assert asked(served, "21/11/2026 17:30")["mensagem"] == "Período fora da janela de recuperação"


def test_from_the_start_until_before_the_end(served: Served) -> None:
    """An outage is out at the minute of its start, and no longer at that of its end; one that is open stays out."""
    start, end = NOW - timedelta(days=2), NOW - timedelta(days=1)
    store_outage(served, (1, 1, 5), start=start, end=end)
    store_outage(served, (1, 1, 20), start=end)
    at = [out(served, said) for said in ("19/11/2026 14:29", "19/11/2026 14:30", "20/11/2026 14:29")]
    assert at == [0, 5, 5]
    assert [out(served, said) for said in ("20/11/2026 14:30", "21/11/2026 14:30")] == [20, 20]


def test_the_edges_of_the_window(served: Served, clock: TurnableClock) -> None:
    """Exactly seven days ago and exactly now are within, a minute more on either side is not."""
    assert out(served, "14/11/2026 14:30") == out(served, "21/11/2026 14:30") == 0
    outside = ["14/11/2026 14:29", "21/11/2026 14:31", "21/11/2025 14:30", "22/11/2026 14:30"]
    assert {asked(served, said)["idcStatusRequisicao"] for said in outside} == {2}
    clock.turn(1)
    assert asked(served, "14/11/2026 14:30")["mensagem"] == "Período fora da janela de recuperação"
    assert out(served, "14/11/2026 14:31") == 0


def test_another_window(house: House, clock: TurnableClock) -> None:
    """The window is a setting."""
    with house(clock=clock, OUTAGES__WINDOW_DAYS="30") as served:
        assert out(served, "22/10/2026 14:30") == 0
        assert asked(served, "22/10/2026 14:29")["idcStatusRequisicao"] == 2


@pytest.mark.parametrize(
    "query",
    [
        "dthRecuperacao=",
        "dthRecuperacao",
        "dthRecuperacao=31/02/2026%2010:00",
        "dthRecuperacao=20/11/2026%2024:00",
        "dthRecuperacao=20/11/2026%2010:60",
        "dthRecuperacao=20/13/2026%2010:00",
        "dthRecuperacao=00/11/2026%2010:00",
        "dthRecuperacao=2/11/2026%2010:00",
        "dthRecuperacao=20/11/26%2010:00",
        "dthRecuperacao=20/11/2026%209:00",
        "dthRecuperacao=20/11/2026%2010:00:00",
        "dthRecuperacao=20/11/2026%2010:00%20",
        "dthRecuperacao=20/11/2026%2010:00%0A",
        "dthRecuperacao=%2020/11/2026%2010:00",
        "dthRecuperacao=20/11/2026%20%2010:00",
        "dthRecuperacao=20/11/2026T10:00",
        "dthRecuperacao=2026-11-20%2010:00",
        "dthRecuperacao=20-11-2026%2010:00",
        "dthRecuperacao=%D9%A2%D9%A0/11/2026%2010:00",
        "dthRecuperacao=%FF",
        "dthRecuperacao=31/12/9999%2023:59",
        "dthRecuperacao=01/01/0001%2000:00",
        "dthRecuperacao=20/11/2026%2010:00&dthRecuperacao=20/11/2026%2010:00",
    ],
)
def test_what_names_no_moment(served: Served, query: str) -> None:
    """One spelling, once, of a minute that calendar and window have: anything else is status 2 without rows."""
    store_outage(served, (1, 1, 5), start=NOW - timedelta(days=3))
    answer = served.client.get(f"{PATH}?{query}")
    assert answer.status_code == 200
    assert (answer.json()["idcStatusRequisicao"], answer.json()["interrupcaoFornecimento"]) == (2, [])


@pytest.mark.parametrize("query", ["dthRecuperacao=20/11/2026%2010:00", "dthRecuperacao=20%2F11%2F2026+10%3A00"])
def test_how_a_blank_travels(served: Served, query: str) -> None:
    """A blank may come as %20 or as a plus sign, a slash and a colon with or without their codes."""
    assert served.client.get(f"{PATH}?{query}").json()["idcStatusRequisicao"] == 1


def test_no_moment_is_now() -> None:
    """Nothing said means now; what is said is told in UTC, also of years whose summers had another time."""
    assert moment_of([], now=NOW, window=WEEK) is None
    assert moment_of(["21/11/2026 14:30"], now=NOW, window=WEEK) == NOW
    summer = datetime(2018, 12, 24, 12, 0, tzinfo=UTC)
    assert moment_of(["24/12/2018 10:00"], now=summer, window=WEEK) == summer
    with pytest.raises(OutsideWindow):
        moment_of(["24/12/2018 10:01"], now=summer, window=WEEK)
