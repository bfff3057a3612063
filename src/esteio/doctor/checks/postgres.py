"""PostgreSQL: is it there, does it keep what it was told, has it room for everybody?"""

from collections.abc import AsyncIterator

from esteio.base.finding import Finding, error, note, warning
from esteio.doctor.patience import NotKnown
from esteio.doctor.patient import Patient

OLDEST, NEWEST = 15, 18
_SETTINGS = (
    "server_version_num",
    "fsync",
    "full_page_writes",
    "synchronous_commit",
    "autovacuum",
    "max_connections",
    "superuser_reserved_connections",
    "track_counts",
)
_ASK = "SELECT name, setting FROM pg_settings WHERE name = ANY ($1::text[])"
_PROCESSES = """
SELECT kind, count(*) AS number FROM
    (SELECT writer, kind, max(at) AS last FROM traffic_processes WHERE at > now() - interval '150 seconds'
     GROUP BY writer, kind) AS lately
GROUP BY kind
"""
_SPARE = 10
"""Connections for migrations, listeners, commands and people."""

_PAST_A_POOLER = 3
"""Sessions of its own that a process has beside what a pooler shares out."""


async def _told(patient: Patient) -> dict[str, str]:
    return {row["name"]: row["setting"] for row in await patient.server.rows(_ASK, list(_SETTINGS))}


async def database(patient: Patient) -> AsyncIterator[Finding]:
    _ = patient.settings
    try:
        told = await _told(patient)
    except NotKnown as reason:
        yield error(
            f"{reason}.",
            why="PostgreSQL is the truth: without it nothing is answered.",
            fix="See whether it runs, and whether address, user and password are right.",
            variable=f"ESTEIO_DATABASE__{'URL' if patient.settings.database.direct_url is None else 'DIRECT_URL'}",
        )
        return
    version = int(told["server_version_num"]) // 10_000
    if version < OLDEST:
        yield error(
            f"PostgreSQL {version} is too old.",
            why=f"Esteio is proved on {OLDEST} to {NEWEST}; older ones are not maintained for long any more.",
            fix=f"Upgrade to {NEWEST}.",
        )
    elif version > NEWEST:
        yield note(
            f"PostgreSQL {version} is newer than what Esteio was proved on ({OLDEST} to {NEWEST}).",
            why="It most likely works; nobody has shown it.",
            fix="Run the tests on it first.",
        )


async def durability(patient: Patient) -> AsyncIterator[Finding]:
    told = await _told(patient)
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if told[name] == "off":
            yield error(
                f"{name} is off.",
                why="What callers were told is stored may be gone after a crash of the machine.",
                fix=f"ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf(); or ALTER DATABASE, ALTER ROLE.",
            )


async def vacuum(patient: Patient) -> AsyncIterator[Finding]:
    told = await _told(patient)
    if "off" in (told["autovacuum"], told["track_counts"]):
        yield error(
            "autovacuum is off.",
            why="Queues and counters are written again and again: tables grow, and at last PostgreSQL stops writing.",
            fix="ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf();",
        )


async def connections(patient: Patient) -> AsyncIterator[Finding]:
    told = await _told(patient)
    room = int(told["max_connections"]) - int(told["superuser_reserved_connections"])
    counted = {row["kind"]: row["number"] for row in await patient.server.rows(_PROCESSES)}
    habits = patient.habits
    api = counted.get("api", 0) if habits.api_processes is None else habits.api_processes
    workers = counted.get("worker", 0) if habits.worker_processes is None else habits.worker_processes
    processes = api + workers + counted.get("scheduler", 0)
    database = patient.settings.database
    demand = processes * (2 * database.pool_max if database.pooler == "none" else _PAST_A_POOLER) + _SPARE
    if demand > room:
        yield error(
            f"{processes} processes may open {demand} connections, and PostgreSQL has room for {room}.",
            why="Under load those that come last are refused, and requests and jobs fail.",
            fix="Lower pool_max (it counts twice: reads, writes), raise max_connections, or put PgBouncer between.",
            variable="ESTEIO_DATABASE__POOL_MAX",
        )


async def patience(patient: Patient) -> AsyncIterator[Finding]:
    database, http = patient.settings.database, patient.settings.http
    if database.statement_timeout > http.time_budget:
        yield warning(
            f"A statement may take {database.statement_timeout:g} s, a request {http.time_budget:g} s.",
            why="The database goes on working for callers who were given up.",
            fix="Set the time-out of statements below the budget of requests.",
            variable="ESTEIO_DATABASE__STATEMENT_TIMEOUT",
        )
    if database.lock_timeout > database.transaction_timeout:
        yield warning(
            f"A lock is waited for {database.lock_timeout:g} s, a transaction may take "
            f"{database.transaction_timeout:g} s.",
            why="The wait for a lock is never what ends it, so that the reason is not told.",
            fix="Set it below the time of transactions.",
            variable="ESTEIO_DATABASE__LOCK_TIMEOUT",
        )
