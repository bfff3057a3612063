"""A database with tenants and things of theirs, and the way of a test into transactions."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.ids import new_id
from esteio.db.tenancy import secure
from esteio.db.transaction import transaction
from esteio.quotas.quota import Quota
from tests.house import sql
from tests.quotas.things import GRANT, PATIENT, TABLE, opened

T = TypeVar("T")
Work = Callable[[AsyncSession], Awaitable[T]]


class Ledger:
    """One database as one process has it open, with a loop to run in."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.database = opened(url)
        self._loop = asyncio.new_event_loop()
        for statement in (TABLE, *secure("things"), GRANT):
            self.sql(statement)

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        async def working() -> T:
            return await work()

        return self._loop.run_until_complete(working())

    def inside(self, tenant: UUID, work: Work[T]) -> T:
        """What the work gives in a transaction of the tenant that commits, if the work does not fail."""

        async def working() -> T:
            async with transaction(self.database, tenant, budget=PATIENT) as session:
                return await work(session)

        return self._loop.run_until_complete(working())

    def tenant(self, plan: str | None = None) -> UUID:
        """A new tenant, on a plan that is there."""
        made = new_id()
        statement = "INSERT INTO tenants (id, slug, name, plan, version) VALUES ($1, $2, 'T', $3, 1)"
        self.sql(statement, made, f"t{made.hex}", plan)
        return made

    def plan(self, quota: Quota, amount: int | None) -> str:
        """A new plan that gives so much of the quota."""
        name = f"p{new_id().hex}"
        self.sql("INSERT INTO plans (name, limit_text) VALUES ($1, '60/minute')", name)
        self.sql("INSERT INTO plan_quotas (plan, quota, amount) VALUES ($1, $2, $3)", name, quota.name, amount)
        return name

    def used(self, tenant: UUID, quota: Quota) -> list[int]:
        """What is written down of each period, the oldest first."""
        rows = "SELECT used FROM quota_uses WHERE tenant_id = $1 AND quota = $2 ORDER BY period"
        return [row["used"] for row in self.sql(rows, tenant, quota.name)]

    def there(self, tenant: UUID) -> int:
        """How much of things there is in truth."""
        return int(self.sql("SELECT coalesce(sum(amount), 0) AS n FROM things WHERE tenant_id = $1", tenant)[0]["n"])

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """As the superuser, past every policy."""
        return sql(self.url, statement, *values)

    def close(self) -> None:
        self.run(self.database.close)
        self._loop.close()


@pytest.fixture(scope="module")
def ledger(new_database: Callable[[], str]) -> Iterator[Ledger]:
    made = Ledger(new_database())
    made.run(made.database.open)
    yield made
    made.close()
