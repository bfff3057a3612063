"""An export is counted before its first byte is sent."""

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.services.capsules.allowances import charge_export
from esteio.services.capsules.holding import Actor


async def charge(session: AsyncSession, *, actor: Actor) -> None:
    """One more export of the organisation today. Raises `QuotaSpent`."""
    await charge_export(session, tenant=actor.tenant, now=actor.now)
