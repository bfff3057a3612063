"""The facts that outages tell."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.base.principal import Principal
from esteio.events.events import EventType, tell

MOST_MUNICIPIOS = 1000


class OutagesFact(BaseModel):
    """How many outages changed, and in which municípios. Everybody may hear it: it names neither outages nor units."""

    source: str
    changed: int
    municipios: list[int] = Field(max_length=MOST_MUNICIPIOS)


OUTAGES_CHANGED = EventType(
    "outage.changed",
    OutagesFact,
    "Outages were reported, corrected, closed or removed in one transaction, or the universe was loaded (0 outages).",
)

ALL = (OUTAGES_CHANGED,)


def tell_change(
    session: AsyncSession, caller: Principal, source: str, changed: int, municipios: Iterable[int], now: datetime
) -> None:
    """Tell once what a transaction has changed. Its subject is the tenant, since it is about many outages."""
    fact = OutagesFact(source=source, changed=changed, municipios=sorted(set(municipios))[:MOST_MUNICIPIOS])
    tell(session, OUTAGES_CHANGED, fact, subject=caller.tenant, tenant=caller.tenant, principal=caller.id, at=now)
