"""Esteio as the bench runs it: its apps, its callers' keys, its rows, and the points measured on it.

`esteio` serves the sample from memory (`bench.house_service`), `esteio-pair` is the same in two processes on one
socket, `esteio-rows` serves the shipped pets from a table of a million rows with a response cache of no bytes, so that
each of its requests reads PostgreSQL. `esteio-traced` is `esteio` with one request in ten traced, `esteio-outages` has
a million outages, `esteio-store` a stand-in of the shop outside.
"""

import asyncio

import asyncpg

from bench import collector, stored_capsules, stored_outages
from bench.engines import Engines
from bench.points import Point
from bench.servers import App
from esteio.auth.api_keys import PURPOSE
from esteio.auth.keys import NewKey, make_key
from esteio.base.crypto import Keyring
from esteio.base.ids import new_id
from esteio.base.page import Place
from esteio.base.principal import DEFAULT_TENANT
from esteio.catalog import SHIPPED
from esteio.db.settings import DatabaseSettings
from esteio.db.tenancy import SETTING
from esteio.http.cursors import Cursors
from esteio.migrations.runner import migrate
from esteio.runtime.opening import service_folders

SECRET = "the bench's own master secret, worth nothing"
CALLERS = 1000
REDIS_DB, PAIR_REDIS_DB, ROWS_REDIS_DB, STORE_REDIS_DB, CAPSULES_REDIS_DB, TRACED_REDIS_DB = 4, 5, 6, 14, 12, 15
ROWS, DEPTH = 1_000_000, 900_000
EPOCH = "2026-01-01T00:00:00+00:00"
PETS = "/api/v2/pets"
CAPSULES = "/api/v2/capsules"
LARGEST_PAGE = 100

SHOP_URL = "ESTEIO_STORE__UPSTREAM_URL"
TRACES_RATIO = "0.1"
STRANGER = make_key().text
"""A key that is well formed and nobody's: refusing it costs more than refusing a typo."""

FILL = f"""
INSERT INTO pets (id, tenant_id, name, species, breed, weight_kg, status, owner, created_at, updated_at)
SELECT uuidv7(), '{DEFAULT_TENANT}', 'Pet ' || number, 'dog', 'Beagle', 1.5 + number % 40, 'active', 'Bench',
       timestamptz '{EPOCH}' + make_interval(secs => number), timestamptz '{EPOCH}' + make_interval(secs => number + 60)
FROM generate_series(1, {ROWS}) AS number;
"""
SCOPES = "bench:read,outages:poll,capsules:read,capsules:create,capsules:export,pets:write,webhooks:write,webhooks:read"
NAMED_KEY = f"""
INSERT INTO api_keys (id, tenant_id, public_id, name, last_four, scopes, created_by, version)
VALUES ($1, '{DEFAULT_TENANT}', $2, 'bench', $3, '{{{SCOPES}}}', 'bench', 1)
"""
KNOWN_KEY = f"INSERT INTO api_key_digests (digest, key_id, tenant_id) VALUES ($1, $2, '{DEFAULT_TENANT}')"
AT_DEPTH = f"SELECT created_at, id FROM pets ORDER BY created_at, id OFFSET {DEPTH - 1} LIMIT 1"


def _deep(_: object) -> str:
    return f"{PETS}?limit=20&cursor={_DEEP[0]}"


_DEEP: list[str] = []

POINTS: tuple[Point, ...] = (
    Point("esteio", "esteio", "/api/v2/bench/pets", items=20),
    Point("esteio 200 items", "esteio", "/api/v2/bench/pets-200", items=200),
    Point("esteio 1 caller", "esteio", "/api/v2/bench/pets", items=20, callers=1),
    Point("esteio 1000 callers", "esteio", "/api/v2/bench/pets", items=20, callers=1000),
    Point("esteio traced", "esteio-traced", "/api/v2/bench/pets", items=20),
    Point("esteio 2 processes", "esteio-pair", "/api/v2/bench/pets", items=20),
    Point("esteio cached", "esteio", "/api/v2/bench/cached", items=20),
    Point("esteio cached 200 items", "esteio", "/api/v2/bench/cached-200", items=200),
    Point("esteio cached 1 caller", "esteio", "/api/v2/bench/cached", items=20, callers=1),
    Point("esteio cached 1000 callers", "esteio", "/api/v2/bench/cached", items=20, callers=1000),
    Point("esteio 304", "esteio", "/api/v2/bench/cached", 304, conditional=True),
    Point("esteio 304 200 items", "esteio", "/api/v2/bench/cached-200", 304, conditional=True),
    Point("esteio 401", "esteio", "/api/v2/bench/pets", 401, callers=0, headers={"X-API-Key": STRANGER}),
    Point("esteio 429", "esteio", "/api/v2/bench/limited", 429, callers=1, tolerated={200: CALLERS}),
    Point("esteio 429 1000 callers", "esteio", "/api/v2/bench/limited", 429, callers=1000, tolerated={200: CALLERS}),
    Point("esteio rows", "esteio-rows", f"{PETS}?limit=20", items=20),
    Point(f"esteio rows {LARGEST_PAGE} items", "esteio-rows", f"{PETS}?limit={LARGEST_PAGE}", items=LARGEST_PAGE),
    Point("store list", "esteio-store", "/api/v1/fakestoreapi", items=20),
    Point("store item", "esteio-store", "/api/v1/fakestoreapi/1"),
    Point("outages cached", "esteio-outages", stored_outages.PATH),
    Point("capsules", "esteio-capsules", f"{CAPSULES}?limit=20", items=20),
    Point("capsules from rows", "esteio-capsule-rows", f"{CAPSULES}?limit=20", items=20),
    Point("esteio first page", "esteio-rows", f"{PETS}?limit=20", items=20),
    Point("esteio deep page", "esteio-rows", _deep, items=20),
)


def apps(engines: Engines, wanted: set[str], shop: str, collected: str) -> list[App]:
    """The wanted apps of Esteio, once their schema, keys and rows are there; `shop` is the address of the store's,
    `collected` that of a collector of traces.
    """
    names = {name for name in wanted if name.startswith("esteio")}
    if not names:
        return []
    keys = asyncio.run(prepare(engines, "esteio", with_rows="esteio-rows" in names))
    if "esteio-outages" in names:
        stored_outages.fill(engines)
    if names & {"esteio-capsules", "esteio-capsule-rows"}:
        stored_capsules.fill_list(engines)
    served = ("-m", "bench.house_service", "--port", "{port}")
    return [
        App("esteio", served, environment(engines, REDIS_DB), keys),
        App("esteio-pair", (*served, "--processes", "2"), environment(engines, PAIR_REDIS_DB), keys),
        App("esteio-traced", served, environment(engines, TRACED_REDIS_DB) | traces(collected), keys),
        App("esteio-store", served, environment(engines, STORE_REDIS_DB) | {SHOP_URL: shop}, keys),
        App("esteio-outages", served, environment(engines, REDIS_DB), keys),
        App("esteio-capsules", served, environment(engines, CAPSULES_REDIS_DB), keys),
        App(
            "esteio-capsule-rows",
            served,
            environment(engines, CAPSULES_REDIS_DB) | {"ESTEIO_HTTP__CACHE_BYTES": "0"},
            keys,
        ),
        App("esteio-rows", served, environment(engines, ROWS_REDIS_DB) | {"ESTEIO_HTTP__CACHE_BYTES": "0"}, keys),
    ]


def environment(engines: Engines, redis_db: int, database: str = "esteio") -> dict[str, str]:
    return {
        "ESTEIO_SECRET_KEY": SECRET,
        "ESTEIO_DATABASE__URL": engines.database_url(database),
        "ESTEIO_REDIS__URL": engines.redis_url(redis_db),
        "ESTEIO_LIMITS__DEFAULT": "6000000/minute",
        "ESTEIO_HTTP__SWAGGER_UI": "false",
    }


def traces(collected: str) -> dict[str, str]:
    """Traces as an operator has them who names an exporter and leaves the rest as it is."""
    return {
        "ESTEIO_TELEMETRY__TRACES_EXPORTER": "otlp",
        "ESTEIO_TELEMETRY__TRACES_ENDPOINT": f"{collected}{collector.PLACE}",
        "ESTEIO_TELEMETRY__TRACES_RATIO": TRACES_RATIO,
    }


async def prepare(engines: Engines, database: str, *, with_rows: bool = False) -> tuple[str, ...]:
    """The schema and the callers' keys in a database that is there already; the keys."""
    url = engines.database_url(database)
    await migrate(DatabaseSettings.model_validate({"url": url}), service_folders(SHIPPED))
    keyring = Keyring(SECRET)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT set_config($1, $2, false)", SETTING, str(DEFAULT_TENANT))
        keys = tuple(make_key() for _ in range(CALLERS))
        await _insert_keys(connection, keyring, keys)
        if with_rows:
            await _insert_rows(connection, keyring)
    finally:
        await connection.close()
    return tuple(key.text for key in keys)


async def _insert_keys(connection: asyncpg.Connection, keyring: Keyring, keys: tuple[NewKey, ...]) -> None:
    ids = [new_id() for _ in keys]
    named = [(number, key.public_id, key.last_four) for number, key in zip(ids, keys, strict=True)]
    await connection.executemany(NAMED_KEY, named)
    digests = [(keyring.digest(PURPOSE, key.text.encode()), number) for number, key in zip(ids, keys, strict=True)]
    await connection.executemany(KNOWN_KEY, digests)


async def _insert_rows(connection: asyncpg.Connection, keyring: Keyring) -> None:
    """A million pets, and the cursor of a place deep among them."""
    await connection.execute(FILL)
    await connection.execute("VACUUM ANALYZE pets")
    row = await connection.fetchrow(AT_DEPTH)
    place = Place((row["created_at"].isoformat(), str(row["id"])), "next", {})
    _DEEP[:] = [Cursors(keyring).write(place, "pets", DEFAULT_TENANT)]
