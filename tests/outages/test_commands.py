"""`esteio outages …` as an operator runs it: its words and its ends, each command once as a process of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from esteio.embedded.engines import Engines
from tests.cli.command import run
from tests.house import environment
from tests.outages.desk import Desk
from tests.outages.open_data import new_file, new_row


@pytest.fixture(scope="module")
def given(new_database: Callable[[], str], engines: Engines) -> dict[str, str]:
    return environment(new_database(), engines.redis_url)


@pytest.fixture
def desk(given: dict[str, str], tmp_path: Path) -> Desk:
    """An operator's desk on a database without outages and without universe."""
    made = Desk(given, tmp_path)
    made.sql("TRUNCATE outage_universe")
    return made


def told(desk: Desk, statement: str) -> list[Any]:
    return [tuple(row) for row in desk.sql(statement)]


def test_samples(desk: Desk) -> None:
    """Samples are all in the universe, some open and some ended; doing it again adds none and keeps loaded numbers."""
    first = run("outages", "demo", environment=desk.given)
    assert first.code == 0, first.said
    counts = "SELECT count(*), count(ended_at), count(*) FILTER (WHERE planned) FROM outages"
    (before,) = told(desk, counts)
    assert 0 < before[1] < before[0]
    assert 0 < before[2] < before[0]
    assert told(desk, "SELECT count(*) FROM outage_universe") == [(21,)]
    unserved = """
    SELECT count(*) FROM outage_areas a LEFT JOIN outage_universe u USING (tenant_id, conjunto, municipio)
    WHERE u.served IS NULL OR u.served < a.affected
    """
    assert told(desk, unserved) == [(0,)]
    told(desk, "UPDATE outage_universe SET served = 40000 WHERE conjunto = 12727")
    assert desk.invoked("demo").code == 0
    assert told(desk, counts) == [before]
    assert told(desk, "SELECT served FROM outage_universe WHERE conjunto = 12727") == [(40000,)]


def test_no_samples_in_production(desk: Desk) -> None:
    """Where the environment is production samples need --force; without it nothing is written."""
    desk.given = desk.given | {"ESTEIO_ENVIRONMENT": "production"}
    refused = desk.invoked("demo")
    assert (refused.code, "--force" in refused.err) == (2, True)
    assert told(desk, "SELECT count(*) FROM outage_universe") == [(0,)]
    forced = desk.invoked("demo", "--force")
    assert forced.code == 0, forced.said


def test_a_universe_from_a_file(desk: Desk, tmp_path: Path) -> None:
    """A file becomes the universe; one that cannot be read changes nothing and says which line is wrong."""
    file = tmp_path / "universe.csv"
    file.write_text("conjunto;municipio;served\n12727;1400100;31000\n17354;1400233;2900\n")
    done = desk.invoked("universe", str(file))
    assert (done.code, "2 pairs; 2 differ" in done.out) == (0, True), done.said
    file.write_text("conjunto;municipio;served\n12727;1400100;many\n")
    wrong = run("outages", "universe", str(file), environment=desk.given)
    assert (wrong.code, "Line 2" in wrong.err) == (1, True), wrong.said
    assert told(desk, "SELECT served FROM outage_universe ORDER BY served") == [(2900,), (31000,)]


def test_an_import(desk: Desk, tmp_path: Path) -> None:
    """An import says what became of the rows on standard output, why some were rejected on the other, and ends with 0;
    without any good row it ends with 1, and with 2 where there is no file."""
    file, rejects = tmp_path / "file.csv", tmp_path / "rejects.csv"
    file.write_bytes(new_file([new_row(), new_row(DatFimInterrupcao="")]))
    done = run(
        "outages", "import", str(file), "--now-offset", "-1d12h", "--rejects", str(rejects), environment=desk.given
    )
    assert done.code == 0, done.said
    assert done.out == "2 rows in the layout of 2026: 1 new outages, 0 changed, 0 as they were, 1 rejected.\n"
    assert "rejected 1, first on line 3: DatFimInterrupcao is empty" in done.err
    assert rejects.read_text(encoding="utf-8").count("\n") == 2
    file.write_bytes(new_file([new_row(DatFimInterrupcao="")]))
    assert desk.invoked("import", str(file)).code == 1
    assert desk.invoked("import", str(tmp_path / "none.csv")).code == 2
