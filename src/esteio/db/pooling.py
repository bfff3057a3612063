"""What must be so where the database is reached through PgBouncer in transaction mode.

A session behind it is somebody else's a moment later: what one client sets for its session, another would inherit.
So the house sets nothing for a session there. Role and time-outs are those of the role that PgBouncer logs in with,
which is the runtime role itself: then no statement, and no connection that PgBouncer makes later, can be anybody else.
"""

from uuid import uuid4

import asyncpg

from esteio.base.errors import Unavailable
from esteio.db.settings import DatabaseSettings

TIMES = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
_LONGEST_IDLE = 60_000

_SESSION = "SELECT current_user::text AS role, session_user::text AS login"
_TIMES = "SELECT name, setting::bigint AS setting FROM pg_settings WHERE name = ANY ($1)"
_NAMED = "SELECT count(*) FROM pg_prepared_statements WHERE name = $1"


class PoolerUnfit(Unavailable):
    """PgBouncer, or the role that it logs in with, is not set up as the house needs it; `cure` says how it would be.

    No statement is run through it. A process that finds it so at its start does not start.
    """

    def __init__(self, cure: str) -> None:
        super().__init__("The database is unavailable.", retry_after=2, operator=cure)
        self.cure = cure


async def refuse_unfit_session(connection: asyncpg.Connection, settings: DatabaseSettings) -> None:
    """Raise `PoolerUnfit` where statements would run as another role, without time-outs, or lose their plans."""
    async with connection.transaction():
        found = await connection.fetchrow(_SESSION)
        assert found is not None, "a select without FROM has one row"
        _refuse_role(found["role"], found["login"], settings.runtime_role)
        times = await connection.fetch(_TIMES, list(TIMES))
        _refuse_times({row["name"]: row["setting"] for row in times}, settings)
        if settings.pooler == "transaction-prepared":
            await _refuse_lost_names(connection)


def _refuse_role(role: str, login: str, wanted: str) -> None:
    if role == wanted == login:
        return
    raise PoolerUnfit(
        f"Behind the pooler statements run as {role} (logged in as {login}) and not as {wanted}, the runtime role: "
        f"as a superuser ALTER ROLE {wanted} LOGIN PASSWORD '…', and put that role into ESTEIO_DATABASE__URL and "
        "PgBouncer's user list. ESTEIO_DATABASE__DIRECT_URL keeps the role that owns the tables."
    )


def _refuse_times(found: dict[str, int], settings: DatabaseSettings) -> None:
    most = {
        "statement_timeout": settings.statement_timeout * 1000,
        "lock_timeout": settings.lock_timeout * 1000,
        "idle_in_transaction_session_timeout": _LONGEST_IDLE,
    }
    wrong = [name for name in TIMES if not 0 < found[name] <= most[name]]
    if wrong:
        role = settings.runtime_role
        cure = " ".join(f"ALTER ROLE {role} SET {name} = '{_wanted(name, most[name])}';" for name in wrong)
        raise PoolerUnfit(
            f"Behind the pooler {', '.join(wrong)} is off, or longer than the house waits. As a superuser {cure} "
            "Then RECONNECT in PgBouncer's console."
        )


def _wanted(name: str, most: float) -> str:
    return "15s" if name.startswith("idle") else f"{most:.0f}ms"


async def _refuse_lost_names(connection: asyncpg.Connection) -> None:
    """PgBouncer that keeps account of statements gives them names of its own: ours must not be found."""
    name = f"esteio_{uuid4().hex}"
    held = await connection.prepare("SELECT 1", name=name)  # what nobody holds is closed with the next statement
    if await connection.fetchval(_NAMED, held.get_name()):
        raise PoolerUnfit(
            "The pooler does not keep account of prepared statements: set max_prepared_statements in PgBouncer 1.21 or "
            "newer, or ESTEIO_DATABASE__POOLER=transaction."
        )
