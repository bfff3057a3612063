"""The peers as data, and what they find in the engines: keys in Redis, pets in PostgreSQL."""

import asyncio

import asyncpg
import redis

from bench import sample
from bench.engines import Engines
from bench.servers import App, gunicorn, uvicorn

ROWS = 10_000
CLASSIC_DB, LITESTAR_DB, DJANGO_DB = 1, 2, 3
TABLE = """
CREATE TABLE pets (id uuid PRIMARY KEY, name text NOT NULL, species text NOT NULL, breed text, status text NOT NULL,
    weight_kg numeric(6, 2), created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version int NOT NULL);
CREATE INDEX ON pets (created_at DESC, id DESC);
"""


def apps(engines: Engines) -> list[App]:
    """The peers, once their keys and rows are in the engines."""
    _prepare(engines)
    keys = tuple(sample.keys())
    classic, litestar, django = (
        {"BENCH_REDIS_URL": engines.redis_url(n)} for n in (CLASSIC_DB, LITESTAR_DB, DJANGO_DB)
    )
    rows = {"BENCH_DATABASE_URL": engines.database_url("peers")}
    return [
        App("bare", uvicorn("bench.peers.bare:app")),
        App("fastapi", uvicorn("bench.peers.fastapi_bare:app")),
        App("classic", uvicorn("bench.peers.classic:app"), classic, keys),
        App("litestar", uvicorn("bench.peers.litestar_guarded:app"), litestar, keys),
        App("django", gunicorn("bench.peers.django_rest:app"), django, keys),
        App("asyncpg", uvicorn("bench.peers.asyncpg_bare:app"), rows),
    ]


def _prepare(engines: Engines) -> None:
    for database in (CLASSIC_DB, LITESTAR_DB):
        _write_keys(engines, database)
    _write_django_keys(engines)
    engines.psql("CREATE DATABASE peers", "esteio")
    engines.psql(TABLE, "peers")
    asyncio.run(_fill(engines.database_url("peers")))
    engines.psql("VACUUM ANALYZE pets", "peers")


def _write_keys(engines: Engines, database: int) -> None:
    with redis.Redis.from_url(engines.redis_url(database)) as client, client.pipeline() as pipeline:
        for number, key in enumerate(sample.keys()):
            pipeline.hset(sample.key_name(key), mapping={"owner": f"caller-{number}", "scopes": "pets:read"})
        pipeline.execute()


def _write_django_keys(engines: Engines) -> None:
    """Django's cache keeps integers as they are, under its version prefix."""
    with redis.Redis.from_url(engines.redis_url(DJANGO_DB)) as client, client.pipeline() as pipeline:
        for number, key in enumerate(sample.keys(), start=1):
            pipeline.set(f":1:{sample.key_name(key)}", number)
        pipeline.execute()


async def _fill(url: str) -> None:
    connection = await asyncpg.connect(url)
    records = [tuple(sample.pet(number)[column] for column in sample.COLUMNS) for number in range(ROWS)]
    await connection.copy_records_to_table("pets", records=records, columns=sample.COLUMNS)
    await connection.close()
