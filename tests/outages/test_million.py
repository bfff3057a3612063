"""A million stored outages: what the regulator's answer costs the database, and that it never reads them all."""

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import asyncpg
import orjson
import pytest

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.tenancy import SETTING
from esteio.services.outages.active import AT_MOMENT
from tests.conftest import House
from tests.house import AMPLE, Served

PATH = "/quantitativointerrupcoesativas"
STORED, OPEN = 1_000_000, 500
CONJUNTOS, MUNICIPIOS = 40, 15

FILL = (
    f"""
    INSERT INTO outages (id, tenant_id, external_id, source, planned, started_at, ended_at)
    SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, '{DEFAULT_TENANT}', 'event-' || n, 'oms',
           n % 4 = 0, began, CASE WHEN n > {OPEN} THEN began + interval '1 minute' * (20 + n % 300) END
    FROM (SELECT n, now() - interval '1 minute' * CASE WHEN n <= {OPEN} THEN n % 900 ELSE n - {OPEN} END
                 AS began
          FROM generate_series(1, {STORED}) AS n) AS made
    """,
    f"""
    INSERT INTO outage_areas (outage_id, conjunto, municipio, tenant_id, affected, ucs)
    SELECT id, 12700 + n % {CONJUNTOS}, 1400000 + n % {MUNICIPIOS}, '{DEFAULT_TENANT}', 50,
           CASE WHEN n % 2 = 0 AND n <= 20 * {OPEN}
                THEN ARRAY(SELECT 'UC' || (n % 97 * 31 + k) FROM generate_series(1, 50) AS k) END
    FROM (SELECT id, substr(external_id, 7)::int AS n FROM outages) AS stored
    """,
    f"""
    INSERT INTO outage_universe (tenant_id, conjunto, municipio, served, updated_at)
    SELECT '{DEFAULT_TENANT}', 12700 + c, 1400000 + m, 5000, now()
    FROM generate_series(0, {CONJUNTOS - 1}) AS c, generate_series(0, {MUNICIPIOS - 1}) AS m
    """,
)


@pytest.fixture(scope="module")
def served(house: House, new_database: Callable[[], str]) -> Iterator[Served]:
    with house(database_url=new_database(), OUTAGES__CACHED="0") as running:
        _fill(running)
        yield running


def _fill(served: Served) -> None:
    async def fill() -> None:
        connection = await asyncpg.connect(served.database_url.replace("//esteio@", "//postgres@"), timeout=AMPLE)
        try:
            # Rows that are made to fit one another need not be looked up a million times.
            await connection.execute("SET session_replication_role = replica")
            for statement in FILL:
                await connection.execute(statement)
            await connection.execute("VACUUM ANALYZE outages, outage_areas, outage_universe")
        finally:
            await connection.close()

    asyncio.run(fill())


def explained(served: Served, moment: datetime) -> dict[str, Any]:
    """How the database answers the question, as the API's role asks it: planned before the tenant is known."""

    async def ask() -> Any:
        async with served.app.resources.database.connection() as connection, connection.transaction():
            return await connection.fetchval(
                f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {AT_MOMENT.scoped}", moment, str(DEFAULT_TENANT)
            )

    found: dict[str, Any] = orjson.loads(served.run(ask))[0]
    return found


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


@pytest.mark.parametrize("days", [0, 1, 7], ids=lambda days: f"{days} days ago")
def test_only_what_is_active_is_read(served: Served, days: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Outages and areas are reached by their indexes alone, and few pages are touched whatever is stored."""
    moment = datetime.now(UTC) - timedelta(days=days)
    runs = [explained(served, moment) for _ in range(5)]
    took = [run["Planning Time"] + run["Execution Time"] for run in runs]
    used = list(nodes(runs[-1]["Plan"]))
    pages = used[0]["Shared Hit Blocks"] + used[0]["Shared Read Blocks"]
    with capsys.disabled():
        print(f"\n{STORED} outages, {days} days ago: {median(took):.1f} ms in the database, {pages} pages")
    scans = [(node["Relation Name"], node["Node Type"]) for node in used if "Relation Name" in node]
    assert {name for name, _ in scans} >= {"outages", "outage_areas"}
    assert not [scan for scan in scans if scan[1] == "Seq Scan" and scan[0] != "outage_universe"]
    indexes = {node["Index Name"] for node in used if "Index Name" in node}
    assert {"ix_outages_open", "ix_outages_ended", "ix_outages_started"} <= indexes
    assert pages < 20_000, "of some 40 000 that the tables have, and more that the indexes have"


def test_a_plan_for_all_moments(served: Served) -> None:
    """The plan that a connection settles on after some questions reads no table from end to end either."""

    async def ask() -> Any:
        async with served.app.resources.database.connection() as connection, connection.transaction():
            await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            return await connection.fetchval(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {AT_MOMENT.scoped}", datetime.now(UTC), str(DEFAULT_TENANT)
            )

    plan = orjson.loads(served.run(ask))[0]["Plan"]
    assert not [
        node
        for node in nodes(plan)
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in ("outages", "outage_areas")
    ]


def test_the_whole_answer(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """The answer has the rows of all active outages, and each of them keeps within what is served."""
    answers = [served.client.get(PATH) for _ in range(5)]
    assert {answer.json()["idcStatusRequisicao"] for answer in answers} == {1}
    rows = answers[-1].json()["interrupcaoFornecimento"]
    assert len(rows) > 100
    assert all(
        row["qtdOcorrenciaProgramada"] + row["qtdOcorrenciaNaoProgramada"] <= row["qtdUCsAtendidas"] == 5000
        for row in rows
    )
    taken = median(answer.elapsed.total_seconds() * 1000 for answer in answers)
    with capsys.disabled():
        print(f"\n{len(rows)} rows in {taken:.1f} ms, from the request to the answer")


def test_the_index_of_the_record(served: Served) -> None:
    """The list of the regulator's questions reads its index from the end."""
    served.sql(
        "INSERT INTO outage_polls (id, tenant_id, at, operation, principal, address, status, outcome, source, "
        "rows, ms) SELECT ('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid, $1, "
        "now() - interval '1 minute' * n, "
        "'quantitativointerrupcoesativas', 'key:1', '127.0.0.1', 200, 1, 'database', 0, 1 "
        "FROM generate_series(1, 50000) AS n",
        DEFAULT_TENANT,
    )
    served.sql("VACUUM ANALYZE outage_polls")
    asked = "SELECT * FROM outage_polls ORDER BY at DESC, id DESC LIMIT 21"

    async def ask() -> Any:
        async with served.app.resources.database.connection() as connection, connection.transaction():
            await connection.execute("SELECT set_config($1, $2, true)", SETTING, str(DEFAULT_TENANT))
            return "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {asked}"))

    assert re.search("Index Scan Backward using ix_outage_polls_at", served.run(ask))
    assert len(served.client.get("/api/v2/outages/polls").json()["data"]) == 20
