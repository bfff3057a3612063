"""What an administrator does to limits and plans: audited, and told to every process."""

from typing import Any

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.audit import Audit
from esteio.base.principal import Principal
from esteio.db.transaction import after_commit
from esteio.http.house import house_of
from esteio.limits.overrides import TOPIC
from esteio.redis.errors import RedisUnavailable


def act(
    request: Request, session: AsyncSession, caller: Principal, action: str, name: str, details: dict[str, Any]
) -> None:
    """Note the act in its transaction, and once it has committed have all processes look at their limits."""
    house = house_of(request)
    audit: Audit = house.parts["audit"]
    audit.write(session, action, name, tenant=caller.tenant, actor=caller.id, details=details)

    async def tell() -> None:
        try:
            await house.resources.bulletin.publish(TOPIC, name.encode())
        except RedisUnavailable:
            return  # every process looks for itself within seconds

    after_commit(session, tell)
