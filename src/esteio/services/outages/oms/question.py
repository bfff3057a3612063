"""What the outage management system is asked: a SELECT that yields a row for each place that an outage touches.

Columns, in any order and case; others are not looked at:

    external_id   the outage's name there
    conjunto      number of the set of consumer units
    municipio     IBGE code with seven digits
    planned       whether it is planned: a boolean, a number, or T/F, S/N, Y/N
    started_at    a time, or its text as YYYYMMDDHH24MISS; without an offset it is local to `oms_zone`
    ended_at      the same, empty while it is open; the column may be absent
    affected      consumers out of supply behind the device, or in the outage where no device is named
    device        what `affected` counts; the column may be absent

Rows may be repeated. A query that names `:since` (a time without offset in `oms_zone`) or `:since_text` (the same as
YYYYMMDDHH24MISS) yields what has changed from then on; one that names neither yields all that is open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime, String, TextClause, bindparam, text

from esteio.base.errors import Unavailable

NEEDED = ("external_id", "conjunto", "municipio", "planned", "started_at", "affected")
EVER = datetime(1970, 1, 2, tzinfo=UTC)
"""Since when all there is has changed."""

COMPACT = "%Y%m%d%H%M%S"

# Outer joins: an event whose device nobody knows must be noticed, not lost. EXISTS, for an outage has several tasks.
SHIPPED = """
SELECT ae.num_1 AS external_id,
       oc.conj AS conjunto,
       iu.cd_universo AS municipio,
       CASE WHEN EXISTS (SELECT 1 FROM switch_plan_tasks spt
                         WHERE spt.outage_num = ae.num_1 AND spt.plan_id IS NOT NULL) THEN 1 ELSE 0 END AS planned,
       ae.ad_ts AS started_at,
       ae.num_cust AS affected,
       ae.dev_id AS device
FROM agency_event ae
LEFT JOIN oms_connectivity oc ON oc.mslink = ae.dev_id
LEFT JOIN ind_universos iu ON iu.id_dispositivo = ae.dev_id AND iu.cd_tipo_universo = 2
WHERE ae.is_open = 'T' AND ae.ag_id = '370'
"""
"""For tables of the shape that is described in docs/outages-sources.md; on PostgreSQL and on Oracle."""


class OmsUnread(Unavailable):
    """The outage management system could not be read; its words for the operator say why."""

    outcome: ClassVar[str] = "failed"


class OmsDoubted(OmsUnread):
    """It was read, and what it says is not believed yet."""

    outcome = "doubted"


@dataclass(frozen=True, slots=True)
class Question:
    """A query with what it wants to know."""

    statement: TextClause
    wants: frozenset[str]
    zone: ZoneInfo

    @property
    def incremental(self) -> bool:
        """Whether it yields only what has changed."""
        return bool(self.wants)

    def values(self, since: datetime) -> Mapping[str, Any]:
        local = since.astimezone(self.zone).replace(tzinfo=None, microsecond=0)
        offered = {"since": local, "since_text": local.strftime(COMPACT)}
        return {name: offered[name] for name in self.wants}


def question_of(query: str, zone: str) -> Question:
    """The query, or the shipped one where it is empty. Raises `OmsUnread` where it asks for what is not offered."""
    statement = text((query or SHIPPED).strip().rstrip(";"))
    wants = frozenset(statement.compile().params)
    if strange := sorted(wants - {"since", "since_text"}):
        raise OmsUnread(operator=f"the query names :{strange[0]}, but only :since and :since_text are given to it")
    if "since" in wants:
        statement = statement.bindparams(bindparam("since", type_=DateTime()))
    if "since_text" in wants:
        statement = statement.bindparams(bindparam("since_text", type_=String()))
    return Question(statement, wants, ZoneInfo(zone))
