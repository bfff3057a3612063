"""What is answered to the regulator's question of active interruptions, also while the database is away."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from esteio.base.clock import Clock
from esteio.base.errors import Unavailable
from esteio.db.database import Database
from esteio.services.outages.active import State, state_at
from esteio.services.outages.regulator.contract import FAILURE, SUCCESS, interruptions
from esteio.services.outages.regulator.standby import Kept, Standby
from esteio.telemetry.logs import log

PATIENCE = 4.0
"""Seconds for the database, whatever its own settings allow: the regulator waits five, and a kept answer is at hand."""

Source = Literal["database", "cache", "stale", "none"]


@dataclass(frozen=True, slots=True)
class Note:
    """What is recorded of an answer: the moment asked about, `idcStatusRequisicao`, where it came from, its rows.

    `made_at` is when the request came for which it was made: for any other one it was at hand already.
    """

    asked: datetime | None
    outcome: int
    source: Source
    rows: int
    made_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """`interrupcaoFornecimento` as JSON, for how many seconds it may be kept, and what there is to note of it."""

    content: bytes
    keep: float
    source: Source
    rows: int


async def present(database: Database, standby: Standby, tenant: UUID, *, clock: Clock, keep: float) -> Found | None:
    """What is so now: from the database, else as it was a while ago; `None` where that is not known either.

    It may be kept for `keep` seconds at most, and no longer than until the next stored start or end of an outage.
    """
    moment, at = clock.now(), clock.timestamp()
    state = await _asked(database, tenant, moment)
    if state is None:
        kept = await standby.newest(tenant)
        return None if kept is None else Found(kept.content, 0.0, "stale", kept.rows)
    content = interruptions(state.counts)
    standby.keep(tenant, Kept(at, content, len(state.counts)))
    if state.until is not None:
        keep = max(0.0, min(keep, (state.until - clock.now()) / timedelta(seconds=1)))
    return Found(content, keep, "database", len(state.counts))


async def past(database: Database, tenant: UUID, moment: datetime) -> Found | None:
    """What was so at a moment of the past, as it is known now. It is not kept."""
    state = await _asked(database, tenant, moment)
    return None if state is None else Found(interruptions(state.counts), 0.0, "database", len(state.counts))


def noted(found: Found | None, asked: datetime | None, made_at: float) -> Note:
    """The note of an answer; nothing found is a failure."""
    if found is None:
        return Note(asked, FAILURE, "none", 0, made_at)
    return Note(asked, SUCCESS, found.source, found.rows, made_at)


async def _asked(database: Database, tenant: UUID, moment: datetime) -> State | None:
    """The state, or `None` where it cannot be had: who asks has a right to an answer, whatever the reason."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await state_at(database, tenant, moment)
    except (Unavailable, TimeoutError) as error:
        cause = getattr(error, "operator", None) or "no answer in time"
        log("esteio.outages").warning("active interruptions: no database", cause=cause)
    except Exception:
        log("esteio.outages").error("active interruptions: the query failed", exc_info=True)
    return None
