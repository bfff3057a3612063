"""What everybody is shown: one read of the database for all who look, new at once, and old rather than nothing."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from esteio.base.clock import TurnableClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.embedded.engines import Engines
from esteio.services.outages.board import Shown
from esteio.services.outages.part import OutagesPart
from tests.conftest import House
from tests.faults.conftest import IMPATIENT, postgres_socket, through, valkey_socket
from tests.faults.proxy import Proxy, proxied
from tests.house import Served, eventually, sql
from tests.outages.stored import store_outage

PAGE, SUMMARY = "/outages", "/api/v2/outages/summary"
NOW = datetime(2026, 5, 5, 15, tzinfo=UTC)
BODY = {"started_at": (NOW - timedelta(hours=1)).isoformat(), "conjunto": 1, "municipio": 1400001, "affected": 3}
STALE = '<p class="stale"'


@pytest.fixture
def served(house: House) -> Iterator[Served]:
    with house(clock=TurnableClock(NOW)) as running:
        eventually(lambda: running.app.resources.bulletin.connected)
        yield running


def report(served: Served, name: str) -> None:
    assert served.client.put(f"/api/v2/outages/{name}", json=BODY).is_success


def out(served: Served) -> int:
    """What the summary and both pages say; they say the same."""
    total: int = served.anonymous.get(SUMMARY).json()["data"]["totals"]["unplanned"]
    assert f'<p class="lead">{total} de' in served.anonymous.get(PAGE).text
    assert f'<p class="lead">{total} of' in served.anonymous.get(f"{PAGE}?lang=en").text
    return total


def turn(served: Served, seconds: float) -> None:
    clock = served.app.resources.clock
    assert isinstance(clock, TurnableClock)
    clock.turn(seconds)


def test_many_views_are_one_look(served: Served) -> None:
    """Whoever looks within fifteen seconds costs no read: not the page in either language, not the summary."""
    assert out(served) == 0
    store_outage(served, (1, 1, 5), start=NOW - timedelta(hours=1))
    turn(served, 14)
    with ThreadPoolExecutor(8) as many:
        views = list(many.map(served.anonymous.get, [PAGE, f"{PAGE}?lang=en", SUMMARY, f"{SUMMARY}?n=1"] * 50))
    assert [view.status_code for view in views] == [200] * 200
    assert out(served) == 0
    turn(served, 1)
    assert out(served) == 5


def test_a_report_is_on_the_page_at_once(served: Served, house: House) -> None:
    """Also where it was made in another process, and while the time is not over."""
    assert out(served) == 0
    report(served, "ONE")
    assert out(served) == 3
    with house(clock=TurnableClock(NOW), database_url=served.database_url) as other:
        assert out(other) == 3


def test_news_of_another_process(house: House, new_database: Callable[[], str]) -> None:
    """What one process was told, the pages of another show within moments."""
    url = new_database()
    with (
        house(clock=TurnableClock(NOW), database_url=url) as one,
        house(clock=TurnableClock(NOW), database_url=url) as other,
    ):
        eventually(lambda: other.app.resources.bulletin.connected)
        assert out(other) == 0
        report(one, "ONE")
        eventually(lambda: "3 de" in other.anonymous.get(PAGE).text)


def test_those_who_come_together_share_a_read(served: Served) -> None:
    """Twenty who find nothing kept are shown what one of them has read."""
    house = served.app.api.state.house
    part: OutagesPart = house.parts["outages"]

    async def together() -> list[Shown]:
        return await asyncio.gather(*(part.board.shown(DEFAULT_TENANT, house.freshness) for _ in range(20)))

    assert len({id(shown.data) for shown in served.run(together)}) == 1


def test_without_redis(engines: Engines, house: House, new_redis: Callable[[], str]) -> None:
    """Where the news of others cannot be heard a summary is shared for a second; an own report shows at once."""
    number = new_redis().rpartition("db=")[2]
    with (
        proxied(valkey_socket(engines)) as network,
        house(clock=TurnableClock(NOW), redis_url=f"redis://127.0.0.1:{network.port}/{number}", **IMPATIENT) as served,
    ):
        network.set("refuse")
        eventually(lambda: not served.app.resources.bulletin.connected)
        assert out(served) == 0
        store_outage(served, (1, 1, 5), start=NOW - timedelta(hours=1))
        turn(served, 0.9)
        assert out(served) == 0
        turn(served, 0.1)
        assert out(served) == 5
        report(served, "ONE")
        assert out(served) == 8


@contextmanager
def behind(engines: Engines, house: House, url: str, **changes: str) -> Iterator[tuple[Served, Proxy]]:
    with (
        proxied(postgres_socket(engines)) as network,
        house(clock=TurnableClock(NOW), database_url=through(network, url), **{**IMPATIENT, **changes}) as served,
    ):
        try:
            yield served, network
        finally:
            network.set("pass")


@pytest.mark.parametrize("mode", ["refuse", "silent"])
def test_an_old_summary_is_called_old(
    engines: Engines, house: House, new_database: Callable[[], str], mode: str
) -> None:
    """While the database is away the last summary is shown with its own moment and a warning, until it is too old; then
    the truth again."""
    url = new_database()
    with behind(engines, house, url, OUTAGES__STALE="60") as (served, network):
        report(served, "ONE")
        assert STALE not in served.anonymous.get(PAGE).text
        network.set(mode)  # type: ignore[arg-type]
        turn(served, 60)
        page, summary = served.anonymous.get(PAGE), served.anonymous.get(SUMMARY)
        assert (page.status_code, STALE in page.text, "05/05/2026 12:00" in page.text) == (200, True, True)
        assert summary.json()["data"]["as_of"] == "2026-05-05T15:00:00Z"
        assert (summary.headers["x-cache"], summary.headers["age"]) == ("STALE", "60")
        assert "etag" not in summary.headers
        turn(served, 1)
        assert served.anonymous.get(PAGE).status_code == served.anonymous.get(SUMMARY).status_code == 503
        network.set("pass")
        sql(url, "UPDATE outage_areas SET affected = 4")
        assert eventually(lambda: "4 de" in served.anonymous.get(PAGE).text)
        assert STALE not in served.anonymous.get(PAGE).text
        assert "x-cache" not in served.anonymous.get(SUMMARY).headers
