"""Things of tenants, whose number is a quota, and a database whose users are patient."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.ids import new_id
from esteio.db.database import Database
from esteio.db.settings import DatabaseSettings
from esteio.quotas.quota import Quota
from esteio.quotas.standing import Standing
from esteio.quotas.taking import take

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
PATIENT = 60.0
THINGS = Quota("things.things", 3, "things")
"""What the rows of the table `things` are counted by."""

TABLE = "CREATE TABLE things (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, amount bigint NOT NULL)"
GRANT = "GRANT SELECT, INSERT, DELETE ON things TO esteio_runtime"
_MAKE = text("INSERT INTO things (id, tenant_id, amount) VALUES (:id, :tenant, :amount)")


def opened(url: str, connections: int = 20) -> Database:
    """A database whose users wait for one another as long as it takes."""
    waits = {
        "connect_timeout": 30.0,
        "acquire_timeout": 30.0,
        "lock_timeout": PATIENT,
        "statement_timeout": PATIENT,
        "request_timeout": PATIENT,
    }
    return Database(DatabaseSettings.model_validate({"url": url, "pool_max": connections, **waits}))


async def make(session: AsyncSession, quota: Quota, amount: int, tenant: UUID, name: UUID | None = None) -> Standing:
    """A thing of that size, as a service makes it: its row first, its place in the quota last."""
    await session.execute(_MAKE, {"id": name or new_id(), "tenant": tenant, "amount": amount})
    return await take(session, quota, amount, tenant=tenant, now=NOON)
