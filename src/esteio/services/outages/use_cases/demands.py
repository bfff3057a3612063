"""Consumers' demands: reported, shown to the regulator one at a time, taken away."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.audit import DONE, REFUSED, Audit
from esteio.base.clock import Clock
from esteio.base.crypto import Keyring
from esteio.base.errors import Invalid, NotFound
from esteio.base.principal import Principal
from esteio.services.outages.demands.bodies import Consumer, DemandLine, DemandReport, DemandView
from esteio.services.outages.demands.consumers import sealed, unsealed
from esteio.services.outages.models import Demand
from esteio.services.outages.regulator.brasilia import months_before

MONTHS_SHOWN = 6
"""For how many calendar months after its end a demand is shown to the regulator."""

PORTION = 1000
"""Demands in a statement: what is done between two of them holds up other requests for some milliseconds only."""

READ, DELETED = "demand.read", "demand.deleted"

_KINDS = {
    "protocol": "varchar",
    "level": "integer",
    "channel": "integer",
    "typology": "varchar",
    "status": "integer",
    "merit": "integer",
    "treatment": "integer",
    "municipio": "integer",
    "opened_at": "timestamptz",
    "closed_at": "timestamptz",
    "personal": "bytea",
}
# Only names of this module enter the text; values travel as parameters.
_WRITE = text(
    f"INSERT INTO outage_demands (tenant_id, updated_at, {', '.join(_KINDS)}) "  # noqa: S608
    f"SELECT :tenant, :now, r.* FROM unnest({', '.join(f'CAST(:{name} AS {kind}[])' for name, kind in _KINDS.items())})"
    ' AS r (protocol) ORDER BY r.protocol COLLATE "C" ON CONFLICT (tenant_id, protocol) DO UPDATE SET '
    f"{', '.join(f'{name} = EXCLUDED.{name}' for name in ('updated_at', *_KINDS) if name != 'protocol')} "
    "RETURNING xmax = 0 AS created"
)


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A demand as the regulator may see it, with who made it."""

    demand: DemandView
    consumer: Consumer


async def report_demand(
    *, caller: Principal, session: AsyncSession, clock: Clock, keyring: Keyring, protocol: str, data: DemandReport
) -> tuple[DemandView, bool]:
    """The demand as it is from now on, and whether it is new. Raises `Invalid` where its times cannot be."""
    now, demand = clock.now(), DemandLine.model_construct(protocol=protocol, **dict(data))
    if (wrong := demand.untimely(now)) is not None:
        raise Invalid(errors=[wrong])
    created = await _write(caller, session, keyring, now, [demand])
    return DemandView(**demand.model_dump(exclude={"consumer"}), updated_at=now), bool(created)


async def report_demands(
    *, caller: Principal, session: AsyncSession, clock: Clock, keyring: Keyring, demands: Iterable[DemandLine]
) -> tuple[int, int]:
    """Write the demands, whose times were looked at, in a few statements; how many of them are new, and were known.

    Of several reports of one demand the last counts.
    """
    now, latest = clock.now(), {demand.protocol: demand for demand in demands}
    created = 0
    # In one order, so that no two writers ever wait for one another.
    protocols = sorted(latest)
    for start in range(0, len(protocols), PORTION):
        portion = [latest[protocol] for protocol in protocols[start : start + PORTION]]
        created += await _write(caller, session, keyring, now, portion)
    return created, len(protocols) - created


async def disclose_demand(
    *, caller: Principal, session: AsyncSession, clock: Clock, keyring: Keyring, audit: Audit, protocol: str
) -> Disclosed | None:
    """The demand with its consumer, unless there is none or it was closed too long ago, which look the same.

    Either way the audit log has an entry if the transaction commits; nothing may be shown before it has.
    """
    demand = await session.scalar(select(Demand).where(Demand.protocol == protocol, _recent(clock.now())))
    found = demand is not None
    _note(audit, session, caller, READ, protocol, DONE if found else REFUSED, {"found": found})
    if demand is None:
        return None
    consumer = unsealed(keyring, caller.tenant, protocol, demand.personal)
    return Disclosed(DemandView.model_validate(demand), consumer)


async def delete_demand(*, caller: Principal, session: AsyncSession, audit: Audit, protocol: str) -> None:
    """Away for good, with all that it said of a person; the audit log keeps its protocol. Raises `NotFound`."""
    gone = await session.execute(delete(Demand).where(Demand.protocol == protocol).returning(Demand.protocol))
    if gone.first() is None:
        raise NotFound
    _note(audit, session, caller, DELETED, protocol, DONE, {})


async def _write(
    caller: Principal, session: AsyncSession, keyring: Keyring, now: datetime, demands: Sequence[DemandLine]
) -> int:
    """How many of them are new."""
    rows = [
        {
            **demand.model_dump(exclude={"consumer"}),
            "personal": sealed(keyring, caller.tenant, demand.protocol, demand.consumer),
        }
        for demand in demands
    ]
    values = {name: [row[name] for row in rows] for name in _KINDS}
    written = await session.execute(_WRITE, {"tenant": caller.tenant, "now": now, **values})
    return sum(row.created for row in written)


def _recent(now: datetime) -> Any:
    return or_(Demand.closed_at.is_(None), Demand.closed_at >= months_before(now, MONTHS_SHOWN))


def _note(
    audit: Audit,
    session: AsyncSession,
    caller: Principal,
    action: str,
    protocol: str,
    outcome: str,
    details: dict[str, Any],
) -> None:
    audit.write(
        session,
        action,
        f"demand:{protocol}",
        tenant=caller.tenant,
        actor=caller.id,
        outcome=outcome,
        details=details,
    )
