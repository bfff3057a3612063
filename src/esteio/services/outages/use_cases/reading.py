"""What a reading of the outage management system means for the outages that are known from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.services.outages.models import OmsMark, Outage, OutageArea
from esteio.services.outages.schemas import Area, Report

MANY = 50
"""Outages that may end at once without any doubt."""

BELIEVED_AFTER = timedelta(minutes=5)
"""For how long every whole reading must say that most outages are over before that is believed."""

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_FOLLOW = text("""
UPDATE outages o SET in_oms = r.open
FROM unnest(CAST(:external_ids AS text[]), CAST(:open AS boolean[])) AS r (external_id, open)
WHERE o.external_id = r.external_id AND o.in_oms <> r.open
""")
# Nobody is waited for: an outage that somebody else changes just now is let go by the next whole reading.
_LET_GO = text("""
UPDATE outages SET in_oms = false WHERE id IN (
    SELECT id FROM outages WHERE in_oms AND external_id = ANY (CAST(:external_ids AS text[])) FOR UPDATE SKIP LOCKED)
""")


@dataclass(frozen=True, slots=True)
class Closing:
    """What a whole reading does not mention any more: as reports that end what is open now, `open` of how many.

    `gone` are the names of all that the system had as open before, also of those that were ended through the API.
    """

    reports: Sequence[Report]
    open: int
    gone: Sequence[str] = ()

    @property
    def doubtful(self) -> bool:
        """Whether it is rather that system that has lost them than the distributor that has mended them."""
        return len(self.reports) > MANY and 2 * len(self.reports) > self.open


NOTHING = Closing((), 0)


async def mark_of(session: AsyncSession) -> OmsMark | None:
    """How far the system has been read."""
    return (await session.execute(select(OmsMark))).scalar_one_or_none()


async def closing(session: AsyncSession, mentioned: frozenset[str]) -> Closing:
    """Of the outages that the system had as open, those that it does not mention."""
    now = (await session.execute(select(func.now()))).scalar_one()
    found = list((await session.execute(select(Outage).where(Outage.in_oms))).scalars())
    gone = [outage for outage in found if outage.external_id not in mentioned]
    ending = [outage for outage in gone if outage.ended_at is None]
    areas = await _areas(session) if ending else {}
    return Closing(
        [_ended(outage, areas.get(outage.id, ()), now) for outage in ending],
        sum(outage.ended_at is None for outage in found),
        [outage.external_id for outage in gone],
    )


async def follow(session: AsyncSession, reports: Sequence[Report], gone: Sequence[str]) -> None:
    """Remember which outages the system has as open: of those that were reported just now, and of those that are gone.

    Who corrects an outage through the API does not take it from the system; who opens one that it has let go does.
    """
    if reports:
        said = {report.external_id: report.ended_at is None for report in reports}
        await session.execute(_FOLLOW, {"external_ids": list(said), "open": list(said.values())})
    if gone:
        await session.execute(_LET_GO, {"external_ids": list(gone)})


async def _areas(session: AsyncSession) -> dict[UUID, tuple[Area, ...]]:
    """By outage, of all that the system had as open and that are."""
    still = (Outage.in_oms, Outage.ended_at.is_(None))
    asked = select(OutageArea).join(Outage, Outage.id == OutageArea.outage_id).where(*still)
    found: dict[UUID, tuple[Area, ...]] = {}
    for row in (await session.execute(asked)).scalars():
        ucs = None if row.ucs is None else tuple(row.ucs)
        found[row.outage_id] = (*found.get(row.outage_id, ()), Area(row.conjunto, row.municipio, row.affected, ucs))
    return found


def _ended(outage: Outage, areas: tuple[Area, ...], now: datetime) -> Report:
    end = max(now, outage.started_at)  # its clock may be ahead of ours
    return Report(outage.external_id, outage.planned, outage.started_at, end, areas)


def believed(mark: OmsMark | None, now: datetime) -> bool:
    """Whether what is doubtful has been so for long enough."""
    return mark is not None and mark.doubted_at is not None and now - mark.doubted_at >= BELIEVED_AFTER


async def doubt(session: AsyncSession, tenant: UUID, now: datetime) -> None:
    """Remember since when whole readings are doubtful."""
    written = insert(OmsMark).values(tenant_id=tenant, read_until=NEVER, doubted_at=now)
    since = func.coalesce(OmsMark.doubted_at, now)
    await session.execute(written.on_conflict_do_update(index_elements=["tenant_id"], set_={"doubted_at": since}))


async def remember(session: AsyncSession, tenant: UUID, began: datetime, *, whole: bool) -> None:
    """A reading that began then was good."""
    values = {"read_until": began, **({"reconciled_at": began, "doubted_at": None} if whole else {})}
    written = insert(OmsMark).values(tenant_id=tenant, **values)
    await session.execute(written.on_conflict_do_update(index_elements=["tenant_id"], set_=values))
