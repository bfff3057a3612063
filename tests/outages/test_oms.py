"""Reading the outage management system: what its rows mean, what is no longer there, what must change nothing."""

import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esteio.base.clock import TurnableClock
from esteio.base.errors import StartRefused
from esteio.catalog import SHIPPED
from esteio.embedded.engines import Engines
from esteio.runtime.opening import sections
from esteio.services.outages.manifest import MANIFEST
from esteio.services.outages.shares import parts_of
from esteio.settings import read_settings
from esteio.telemetry.metrics import exposition
from tests.conftest import House
from tests.house import environment, eventually, unused_port
from tests.outages.management import Management, Reader, in_file, on_postgres
from tests.worker.processes import scheduler, worker

BOA_VISTA, CANTA, BONFIM = 1400100, 1400175, 1400159
MINUTE = 60.0
COLUMNS = "num_1 AS external_id, 12727 AS conjunto, 1400100 AS municipio, 0 AS planned, ad_ts AS started_at"
ROW = (
    "SELECT '{}' AS external_id, 1 AS conjunto, 1400100 AS municipio, 'N' AS planned, {} AS started_at, {} AS affected"
)
"""Of an event, its start and its customers."""

QUERY = "OUTAGES__OMS_QUERY"


@pytest.fixture(scope="module")
def oms_database(engines: Engines) -> Management:
    return on_postgres(engines.database_url)


@pytest.fixture
def postgres(oms_database: Management) -> Management:
    """The system behind a driver that waits on the loop."""
    oms_database.empty()
    return oms_database


@pytest.fixture(params=["asyncpg", "sqlite"])
def management(request: pytest.FixtureRequest, postgres: Management, tmp_path: Path) -> Management:
    """The same, and the system behind a driver that blocks."""
    return postgres if request.param == "asyncpg" else in_file(tmp_path / "oms.db")


@pytest.fixture(scope="module")
def database_url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
def new_reader(database_url: str, engines: Engines) -> Callable[[Management], Reader]:
    def make(management: Management) -> Reader:
        reader = Reader(database_url, engines.redis_url, {"OUTAGES__OMS_URL": management.url})
        reader.forget()
        return reader

    return make


@pytest.fixture
def reader(management: Management, new_reader: Callable[[Management], Reader]) -> Reader:
    return new_reader(management)


@pytest.fixture
def pg_reader(postgres: Management, new_reader: Callable[[Management], Reader]) -> Reader:
    return new_reader(postgres)


class TestShippedQuery:
    def test_what_is_open(self, management: Management, reader: Reader) -> None:
        """Open events of agency 370 become outages at their local start; closed ones and other agencies' do not."""
        management.device(1, 12727, BOA_VISTA)
        management.event("E1", 1, 40)
        management.event("E2", 1, 40, open="F")
        management.event("E3", 1, 40, agency="371")
        assert reader.good()["created"] == 1
        assert reader.outages() == {"E1": (False, True, {(12727, BOA_VISTA): 40})}
        row = reader.sql("SELECT source, started_at FROM outages")[0]
        assert (row["source"], row["started_at"]) == ("oms", datetime(2026, 11, 20, 14, 15, tzinfo=UTC))

    def test_tasks_of_a_plan(self, management: Management, reader: Reader) -> None:
        """An outage with five tasks of a plan is planned, and its customers are counted once."""
        management.device(1, 12727, BOA_VISTA)
        management.event("E1", 1, 40)
        management.plan("E1", tasks=5)
        reader.good()
        assert reader.outages() == {"E1": (True, True, {(12727, BOA_VISTA): 40})}

    def test_rows_that_are_repeated(self, management: Management, reader: Reader) -> None:
        """A query that joins the tasks, and so yields each outage five times, counts it once all the same."""
        management.device(1, 12727, BOA_VISTA)
        management.event("E1", 1, 40)
        management.plan("E1", tasks=5)
        joined = (
            f"SELECT {COLUMNS}, num_cust AS affected FROM agency_event JOIN switch_plan_tasks ON outage_num = num_1"
        )
        assert reader.good(**{QUERY: joined})["rows"] == 5
        assert reader.outages()["E1"][2] == {(12727, BOA_VISTA): 40}

    def test_a_device_in_two_municipios(self, management: Management, reader: Reader) -> None:
        """Its customers are divided as the universe has them, and sum to what they were; other kinds do not count."""
        reader.serves((12727, BOA_VISTA, 900), (12727, CANTA, 100))
        management.device(1, 12727, BOA_VISTA, CANTA)
        management.run(f"INSERT INTO ind_universos VALUES (1, {BONFIM}, 1)")
        management.event("E1", 1, 45)
        reader.good()
        assert reader.outages()["E1"][2] == {(12727, BOA_VISTA): 41, (12727, CANTA): 4}

    def test_a_device_of_which_nothing_is_known(self, management: Management, reader: Reader) -> None:
        """An event whose device has no conjunto is counted as bad instead of vanishing; equal parts go where the
        universe knows nobody."""
        management.device(1, None, BOA_VISTA)
        management.device(2, 12727, BOA_VISTA, CANTA)
        management.event("E1", 1, 10)
        management.event("E2", 2, 7)
        assert reader.good()["bad"] == 1
        assert reader.outages() == {"E2": (False, True, {(12727, BOA_VISTA): 4, (12727, CANTA): 3})}


class TestRows:
    def test_types_of_another_system(self, pg_reader: Reader) -> None:
        """Columns in capitals, real times with and without offset, an end, decimal numbers: all are understood."""
        query = (
            'SELECT 7.0 AS "EXTERNAL_ID", \' 12727\' AS "CONJUNTO", 1400100::numeric AS "MUNICIPIO", true AS "PLANNED",'
            "timestamptz '2026-11-20 10:00+00' AS \"STARTED_AT\", timestamp '2026-11-20 07:00' AS \"ENDED_AT\","
            '12::float8 AS "AFFECTED"'
        )
        pg_reader.good(**{QUERY: query})
        row = pg_reader.sql("SELECT * FROM outages")[0]
        assert (row["external_id"], row["planned"]) == ("7", True)
        assert row["ended_at"] - row["started_at"] == timedelta(hours=1)
        assert pg_reader.outages()["7"][2] == {(12727, BOA_VISTA): 12}

    def test_numbers_that_are_none(self, pg_reader: Reader) -> None:
        """A cell that is no number costs its own row only."""
        good = {"external_id": "7", "conjunto": "1", "municipio": str(BOA_VISTA), "planned": "0", "affected": "5"}
        cells = ("'NaN'", "'Infinity'", "'1e5000'")
        rows = [good | {column: cell} for column in good for cell in cells] + [good | {"external_id": "8"}]
        query = " UNION ALL ".join(
            "SELECT " + ", ".join(f"{row[name]}::numeric AS {name}" for name in good) for row in rows
        )
        result = pg_reader.good(**{QUERY: f"SELECT *, '20261120101500' AS started_at FROM ({query}) AS found"})
        assert (result["bad"], pg_reader.open()) == (len(rows) - 1, {"8"})

    def test_two_devices_of_one_outage(self, reader: Reader) -> None:
        """What `affected` counts is a device: those behind two of them are added, however often a row is repeated."""
        one = ROW.format("E", "'20261120101500'", "{}")
        query = " UNION ALL ".join(
            f"{one.format(affected)}, {device} AS device" for device, affected in ((1, 10), (1, 10), (2, 5))
        )
        reader.good(**{QUERY: query})
        assert reader.outages()["E"][2] == {(1, BOA_VISTA): 15}

    def test_bad_rows(self, reader: Reader) -> None:
        """A row that cannot be used is counted; its outage stays as it was, and all others are taken over."""
        start = "'20261120101500'"
        before = " UNION ALL ".join(ROW.format(name, start, 5) for name in "abcd")
        reader.good(**{QUERY: before})
        after = [ROW.format("a", "'20261320101500'", 6), ROW.format("b", start, -1), ROW.format("c", start, 9)]
        after += [ROW.format("d", start, 7), ROW.format("d", start, 7).replace("1400100", "140010")]
        result = reader.good(**{QUERY: " UNION ALL ".join(after)})
        assert (result["bad"], result["changed"], result["closed"]) == (3, 1, 0)
        units = {name: areas[(1, BOA_VISTA)] for name, (_, _, areas) in reader.outages().items()}
        assert units == {"a": 5, "b": 5, "c": 9, "d": 5}
        assert reader.open() == set("abcd")

    @given(whole=st.integers(0, 10_000), weights=st.lists(st.integers(1, 500), min_size=1, max_size=12))
    def test_parts(self, whole: int, weights: list[int]) -> None:
        """Parts sum to the whole, and none is a unit or more away from its exact share."""
        parts = parts_of(whole, weights)
        assert sum(parts) == whole
        assert all(abs(part - whole * w / sum(weights)) < 1 for part, w in zip(parts, weights, strict=True))


class TestWhatIsGone:
    def test_is_closed_now(self, pg_reader: Reader, postgres: Management) -> None:
        """What a reading does not mention ends at its time; others' outages stay; what returns reopens."""
        reader, management = pg_reader, postgres
        management.device(1, 12727, BOA_VISTA)
        for name in ("E1", "E2"):
            management.event(name, 1, 40)
        reader.good()
        reader.sql(
            "INSERT INTO outages (id, tenant_id, external_id, source, planned, started_at) "
            "SELECT gen_random_uuid(), tenant_id, 'mine', 'api', false, started_at FROM outages LIMIT 1"
        )
        management.close("E1")
        before = datetime.now(UTC)
        assert reader.good()["closed"] == 1
        ended = {row["external_id"]: row["ended_at"] for row in reader.sql("SELECT * FROM outages")}
        assert before <= ended["E1"] <= datetime.now(UTC)
        assert ended["E2"] is None
        assert ended["mine"] is None
        assert reader.outages()["E1"][2] == {(12727, BOA_VISTA): 40}
        management.run("UPDATE agency_event SET is_open = 'T'")
        assert reader.good()["changed"] == 1
        assert reader.open() == {"E1", "E2"}

    @pytest.mark.parametrize("first", ["api", "oms"])
    def test_whatever_the_api_did(self, first: str, pg_reader: Reader, postgres: Management) -> None:
        """What the system has mentioned ends when it is gone there, though the API reported it first or corrected it;
        what the API opens again afterwards stays open, until the system has it once more."""
        reader, management = pg_reader, postgres
        management.device(1, 12727, BOA_VISTA)
        management.event("E1", 1, 40)
        for name in ("reports", "corrects") if first == "api" else ("corrects",):
            if name == "corrects":
                reader.good()
            reader.reported("E1", 39)
        assert reader.sql("SELECT source FROM outages")[0]["source"] == "api"
        management.close("E1")
        assert reader.good()["closed"] == 1
        assert reader.open() == set()
        reader.sql("UPDATE outages SET ended_at = NULL, source = 'api'")
        assert reader.good()["closed"] == 0
        assert reader.open() == {"E1"}
        management.run("UPDATE agency_event SET is_open = 'T'")
        reader.good()
        management.close("E1")
        assert reader.good()["closed"] == 1

    def test_what_was_ended_before_it_is_gone(self, pg_reader: Reader, postgres: Management) -> None:
        """An outage that the API has ended and the system then lets go is no longer the system's to end."""
        postgres.device(1, 12727, BOA_VISTA)
        postgres.event("E1", 1, 40)
        pg_reader.good()
        pg_reader.sql("UPDATE outages SET ended_at = now(), source = 'api'")
        postgres.close("E1")
        assert pg_reader.good()["closed"] == 0
        pg_reader.sql("UPDATE outages SET ended_at = NULL")
        assert pg_reader.good()["closed"] == 0
        assert pg_reader.open() == {"E1"}

    def test_the_same_again(self, pg_reader: Reader, postgres: Management) -> None:
        """A reading that finds what is known changes nothing, and tells nothing."""
        reader, management = pg_reader, postgres
        management.device(1, 12727, BOA_VISTA)
        management.event("E1", 1, 40)
        reader.good()
        told = reader.sql("SELECT count(*) FROM outbox")
        result = reader.good()
        assert (result["created"], result["changed"], result["closed"]) == (0, 0, 0)
        assert reader.sql("SELECT count(*) FROM outbox") == told

    def test_an_honest_nothing(self, pg_reader: Reader, postgres: Management) -> None:
        """No rows from a query that succeeded close the few that were open."""
        reader, management = pg_reader, postgres
        management.device(1, 12727, BOA_VISTA)
        management.event("E1", 1, 40)
        reader.good()
        management.close("E1")
        assert reader.good()["closed"] == 1

    def test_most_of_many_at_once(self, pg_reader: Reader, postgres: Management) -> None:
        """A reading that would end most of more than fifty outages is believed after five minutes in a row only."""
        reader, management = pg_reader, postgres
        management.device(1, 12727, BOA_VISTA)
        management.events(51, device=1)
        reader.good()
        management.run("UPDATE agency_event SET is_open = 'F'")
        assert reader.read().outcome == "failed"
        reader.clock.turn(4 * MINUTE)
        assert reader.read().outcome == "failed"
        assert len(reader.open()) == 51
        management.run("UPDATE agency_event SET is_open = 'T'")
        assert reader.good()["closed"] == 0
        management.run("UPDATE agency_event SET is_open = 'F'")
        reader.clock.turn(2 * MINUTE)
        assert reader.read().outcome == "failed"
        reader.clock.turn(5 * MINUTE)
        assert reader.good()["closed"] == 51
        assert reader.open() == set()


class TestWhatChanges:
    """Queries that yield what has changed since the last reading."""

    SINCE = f"SELECT {COLUMNS}, num_cust AS affected FROM agency_event WHERE ad_ts >= :since_text"

    def test_what_is_not_mentioned_stays(
        self, management: Management, new_reader: Callable[[Management], Reader]
    ) -> None:
        """The first reading takes all; the next ask from the last one on, less the overlap, and close nothing."""
        reader = new_reader(management)
        reader.clock = TurnableClock(datetime(2026, 11, 20, 14, 20, tzinfo=UTC))
        reader.settings[QUERY] = self.SINCE
        management.event("old", 1, 1, "20200101000000")
        management.event("E1", 1, 1, "20261120101500")
        assert reader.good()["whole"] is True
        reader.clock.turn(10 * MINUTE)
        management.event("late", 1, 1, "20261120101600")
        management.event("too late", 1, 1, "20261120101400")
        result = reader.good()
        assert (result["whole"], result["rows"], result["created"], result["closed"]) == (False, 2, 1, 0)
        assert reader.open() == {"old", "E1", "late"}

    def test_each_night_it_is_compared_whole(self, management: Management, reader: Reader) -> None:
        """The first reading after 03:30 in the system's zone asks for all there is: it closes and corrects."""
        reader.clock = TurnableClock(datetime(2026, 11, 20, 14, 20, tzinfo=UTC))
        reader.settings[QUERY] = self.SINCE
        for name in ("E1", "E2"):
            management.event(name, 1, 1, "20261101000000")
        reader.good()
        management.run("DELETE FROM agency_event WHERE num_1 = 'E1'")
        management.run("UPDATE agency_event SET num_cust = 9")
        reader.clock.turn((datetime(2026, 11, 21, 7, 29, tzinfo=UTC) - reader.clock.now()).total_seconds())
        assert reader.good()["whole"] is False
        assert reader.open() == {"E1", "E2"}
        reader.clock.turn(2 * MINUTE)
        result = reader.good()
        assert (result["whole"], result["changed"], result["closed"]) == (True, 1, 1)
        assert reader.outages()["E2"] == (False, True, {(12727, BOA_VISTA): 9})
        reader.clock.turn(MINUTE)
        assert reader.good()["whole"] is False

    def test_since_as_a_time(self, pg_reader: Reader, postgres: Management) -> None:
        """`:since` is a time without offset in the system's zone."""
        reader = pg_reader
        reader.clock = TurnableClock(datetime(2026, 11, 20, 14, 20, tzinfo=UTC))
        where = "to_timestamp(ad_ts, 'YYYYMMDDHH24MISS')::timestamp >= :since"
        reader.settings[QUERY] = f"SELECT {COLUMNS}, num_cust AS affected FROM agency_event WHERE {where}"
        reader.good()
        postgres.event("E1", 1, 1, "20261120101459")
        postgres.event("E2", 1, 1, "20261120101500")
        reader.good()
        assert reader.open() == {"E2"}


HALF = (
    "SELECT 'E' || g AS external_id, 1 AS conjunto, 1400100 AS municipio, 0 AS planned, "
    "'20261120101500' AS started_at, 1 / (4000 - g) AS affected FROM generate_series(1, 5000) AS g"
)
FAILURES = {
    "away": {"OUTAGES__OMS_URL": "postgresql+asyncpg://nobody:s3cret@127.0.0.1:{port}/oms"},
    "silent": {
        "OUTAGES__OMS_URL": "postgresql+asyncpg://nobody:s3cret@127.0.0.1:{silent}/oms",
        "OUTAGES__OMS_TIMEOUT": "0.5",
    },
    "no table": {QUERY: "SELECT 1 FROM nowhere"},
    "no column": {QUERY: "SELECT num_1 AS external_id FROM agency_event"},
    "slow": {QUERY: "SELECT pg_sleep(600)", "OUTAGES__OMS_TIMEOUT": "0.5"},
    "half": {QUERY: HALF},
    "writes": {
        QUERY: f"WITH w AS (DELETE FROM agency_event RETURNING *) SELECT {COLUMNS}, num_cust AS affected FROM w"
    },
    "asks for more": {QUERY: "SELECT num_1 FROM agency_event WHERE num_1 = :name"},
    "no driver": {"OUTAGES__OMS_URL": "oracle+oracledb://oms/oms"},
}


class TestFailures:
    @pytest.mark.parametrize("name", FAILURES)
    def test_what_is_known_stays(self, name: str, pg_reader: Reader, postgres: Management) -> None:
        """A system that is away, slow, broken in the middle or asked wrongly changes nothing and is counted; then all
        goes on."""
        reader = pg_reader
        postgres.device(1, 12727, BOA_VISTA)
        postgres.event("E1", 1, 40)
        reader.good()
        mark = reader.sql("SELECT * FROM outage_oms_marks")
        known, failed = reader.outages(), _counted("failed")
        with socket.create_server(("127.0.0.1", 0)) as silent:
            ports = {"port": unused_port(), "silent": silent.getsockname()[1]}
            ended = reader.read(**{key: value.format(**ports) for key, value in FAILURES[name].items()})
        assert _counted("failed") > failed
        assert ended.outcome == "failed"
        assert ended.error is not None
        assert ended.error["code"] == "UNAVAILABLE"
        assert reader.outages() == known
        assert reader.sql("SELECT * FROM outage_oms_marks") == mark
        postgres.event("E2", 1, 40)
        assert reader.good()["created"] == 1

    def test_a_slow_driver_that_blocks(self, tmp_path: Path, new_reader: Callable[[Management], Reader]) -> None:
        """A blocking driver is given up in time and stopped, so that the next reading is not held up."""
        management = in_file(tmp_path / "oms.db")
        reader = new_reader(management)
        forever = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
        assert reader.read(**{QUERY: forever, "OUTAGES__OMS_TIMEOUT": "0.5"}).outcome == "failed"
        eventually(lambda: reader.read().outcome == "succeeded")


class TestDeclared:
    def test_only_where_there_is_a_system(self) -> None:
        """Without an address nothing is scheduled but the purge, and health knows no such part."""
        without, with_one = (_section(**given) for given in ({}, {"OUTAGES__OMS_URL": "sqlite:///x"}))
        assert [item.key for item in MANIFEST.due(without)] == ["outages.purge"]
        assert [item.key for item in MANIFEST.due(with_one)] == ["outages.purge", "outages.oms"]
        assert not MANIFEST.checks(without)
        assert set(MANIFEST.checks(with_one)) == {"outages.oms"}

    def test_one_at_a_time(self, pg_reader: Reader) -> None:
        """However many minutes pass while a reading waits or runs, it is the only one."""
        reader = pg_reader
        reader.fire(minutes=5)
        assert reader.sql("SELECT count(*) FROM jobs WHERE name = 'outages.oms'")[0][0] == 1

    @pytest.mark.parametrize("query", ["DELETE FROM agency_event", "BEGIN; SELECT 1", "selected"])
    def test_only_questions(self, query: str) -> None:
        """A query that is no SELECT is refused with the settings."""
        with pytest.raises(StartRefused, match="OMS_QUERY"):
            _section(OUTAGES__OMS_QUERY=query)

    def test_health_names_what_is_old(
        self, house: House, postgres: Management, new_database: Callable[[], str], engines: Engines
    ) -> None:
        """Health shows when the last good reading is too old, and the house still takes requests."""
        database_url = new_database()
        reader = Reader(database_url, engines.redis_url, {"OUTAGES__OMS_URL": postgres.url})
        with house(database_url=database_url, OUTAGES__OMS_URL=postgres.url, OUTAGES__OMS_LATE="5") as served:

            def shown() -> str:
                assert served.anonymous.get("/readyz").status_code == 200
                report = served.client.get("/api/v2/health", params={"detailed": "true"}).json()["data"]
                return str(report["parts"]["outages.oms"])

            assert "not been read" in shown()
            reader.good()
            eventually(lambda: shown() == "ok")
            reader.sql("UPDATE outage_oms_marks SET read_until = now() - interval '6 minutes'")
            eventually(lambda: shown().startswith("degraded: "))


def test_by_a_worker(postgres: Management, new_database: Callable[[], str], new_redis: Callable[[], str]) -> None:
    """A worker process reads what a scheduler has asked for; its log names the outage whose row it cannot use."""
    given = environment(new_database(), new_redis(), OUTAGES__OMS_URL=postgres.url)
    postgres.device(1, 12727, BOA_VISTA)
    postgres.event("E1", 1, 40)
    postgres.event("E2", 2, 40)
    settings = {"OUTAGES__OMS_URL": postgres.url}
    reader = Reader(given["ESTEIO_DATABASE__URL"], given["ESTEIO_REDIS__URL"], settings)
    reader.fire()
    with worker(given, queues="io", services=None) as running, scheduler(given, services=None):
        eventually(lambda: reader.open() == {"E1"})
        eventually(lambda: running.said("oms.bad_row"))
        assert running.lines("oms.bad_row")[0]["outage"] == "E2"


def test_metrics(pg_reader: Reader) -> None:
    """The time of the last good reading is a metric of the worker, and good readings are counted."""
    read = _counted("read")
    pg_reader.good()
    assert _counted("read") > read
    assert _metric("esteio_outages_oms_last_read_timestamp_seconds") >= pg_reader.clock.timestamp() - 1


def _counted(outcome: str) -> float:
    return _metric(f'esteio_outages_oms_readings_total{{outcome="{outcome}"}}')


def _metric(name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (.+)$", exposition()[0].decode(), re.MULTILINE)
    return float(found[1]) if found else 0.0


def _section(**changes: str) -> object:
    given = environment("postgresql://esteio@/esteio", "redis://127.0.0.1", **changes)
    return read_settings(sections(SHIPPED), environ=given).services["outages"]
