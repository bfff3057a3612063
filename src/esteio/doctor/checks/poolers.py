"""PgBouncer between the house and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg

from esteio.base.finding import Finding, error
from esteio.db.pooling import PoolerUnfit
from esteio.db.replicas.replica import name_of
from esteio.doctor.patience import words_of
from esteio.doctor.patient import Patient


async def pooler(patient: Patient) -> AsyncIterator[Finding]:
    """Where the settings name one: it is there, lends what processes need, and the other address leads past it."""
    database = patient.settings.database
    if database.pooler == "none":
        return
    if name_of(database.url.get_secret_value()) == name_of(database.direct):
        yield error(
            "The address past the pooler is the pooler's.",
            why="Behind it notices are not heard, and the locks of migrations and schedulers hold nothing.",
            fix="Set it to the address of PostgreSQL itself.",
            variable="ESTEIO_DATABASE__DIRECT_URL",
        )
    try:
        async with asyncio.timeout(patient.habits.patience):
            connection = await patient.resources.database.connector.shared()
        connection.terminate()
    except PoolerUnfit as unfit:
        yield error(
            "The pooler, or the role that it logs in with, is not set up as the house needs it.",
            why="The processes refuse to start: statements would run as another role, or without time-outs.",
            fix=unfit.cure,
            variable="ESTEIO_DATABASE__POOLER",
        )
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as failure:
        yield error(
            f"The pooler cannot be used: {words_of(failure)}.",
            why="All that processes read and write goes through it.",
            fix="See whether it runs, knows the database, and lets the address's user in.",
            variable="ESTEIO_DATABASE__URL",
        )
