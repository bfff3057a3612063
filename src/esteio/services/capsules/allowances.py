"""What an organisation may have of capsules, and use. Always the last step of a transaction: it holds others up."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.quotas.quota import Quota
from esteio.quotas.taking import give_back_all, take, take_all

CAPSULES = Quota("capsules.capsules", 100, "capsules", words="capsules that are not deleted")
STORAGE = Quota("capsules.storage", 1_073_741_824, "bytes", words="files of all versions of those capsules")
EXPORTS = Quota("capsules.exports", 200, "exports", every="day", words="exports of capsules")
QUOTAS = (CAPSULES, STORAGE, EXPORTS)


async def charge(session: AsyncSession, *, capsules: int = 0, storage: int = 0, tenant: UUID, now: datetime) -> None:
    """So many more capsules and bytes. Raises `QuotaExceeded`; then all that the transaction did is undone."""
    await take_all(session, {CAPSULES: capsules, STORAGE: storage}, tenant=tenant, now=now)


async def give_back(session: AsyncSession, *, capsules: int = 0, storage: int = 0, tenant: UUID, now: datetime) -> None:
    """So many fewer."""
    await give_back_all(session, {CAPSULES: capsules, STORAGE: storage}, tenant=tenant, now=now)


async def charge_export(session: AsyncSession, *, tenant: UUID, now: datetime) -> None:
    """One more export today. Raises `QuotaSpent`."""
    await take(session, EXPORTS, tenant=tenant, now=now)
