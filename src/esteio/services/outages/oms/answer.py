"""What the rows of an outage management system say, put together: outages, and rows that cannot be used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from esteio.services.outages.oms.question import NEEDED, OmsUnread
from esteio.services.outages.oms.values import BadCell, moment_of, municipio_of, name_of, truth_of, whole_of
from esteio.services.outages.schemas import Report, flaw
from esteio.services.outages.shares import Place, Universe, areas_of

MOST_ROWS = 1_000_000
MOST_TROUBLES = 20
"""Of bad rows that are told one by one; more are counted."""


@dataclass(slots=True)
class Behind:
    """The consumers behind one device, and all places where it feeds anybody."""

    affected: int = 0
    places: set[Place] = field(default_factory=set)


@dataclass(slots=True)
class Event:
    """An outage as its rows describe it so far."""

    started_at: datetime
    planned: bool = False
    open: bool = False
    ended_at: datetime | None = None
    behind: dict[str, Behind] = field(default_factory=dict)

    def end(self) -> datetime | None:
        return None if self.open else self.ended_at

    def areas(self, universe: Universe) -> dict[Place, int]:
        """Each device's consumers are counted once, divided among its places."""
        found: dict[Place, int] = {}
        for behind in self.behind.values():
            for place, units in universe.divide(behind.affected, behind.places).items():
                found[place] = found.get(place, 0) + units
        return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Trouble:
    """A row that cannot be used: of which outage, as far as it says, and why."""

    external_id: str | None
    why: str


@dataclass(slots=True)
class Answer:
    """All rows of a reading. An outage of which one row is bad is `spared`: nothing is said of it."""

    zone: ZoneInfo
    rows: int = 0
    bad: int = 0
    troubles: list[Trouble] = field(default_factory=list)
    spared: set[str] = field(default_factory=set)
    _events: dict[str, Event] = field(default_factory=dict)

    def take(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Some rows more. Raises `OmsUnread` where a column is missing or there is no end of rows."""
        if missing := [name for name in NEEDED if name not in names]:
            raise OmsUnread(operator=f"the query yields no column {missing[0]}")
        self.rows += len(rows)
        if self.rows > MOST_ROWS:
            raise OmsUnread(operator=f"the query yields more than {MOST_ROWS} rows")
        for row in rows:
            self._add(dict(zip(names, row, strict=True)))

    def reports(self, universe: Universe, now: datetime) -> list[Report]:
        """The outages of which every row could be used; one that cannot be written is spared too."""
        found: list[Report] = []
        for external_id, event in self._events.items():
            if external_id in self.spared:
                continue
            areas = areas_of(event.areas(universe).items())
            report = Report(external_id, event.planned, event.started_at, event.end(), areas)
            if wrong := flaw(report, now):
                self._refuse(external_id, ": ".join(wrong))
            else:
                found.append(report)
        return found

    @property
    def mentioned(self) -> frozenset[str]:
        """Every outage that the reading knows, readable or not."""
        return frozenset(self._events) | self.spared

    def _add(self, row: Mapping[str, Any]) -> None:
        external_id: str | None = None
        try:
            external_id = name_of(row["external_id"])
            self._merge(external_id, row)
        except (ValueError, ArithmeticError) as error:  # a BadCell, or a number that is none, as NaN
            self._refuse(external_id, str(error))

    def _refuse(self, external_id: str | None, why: str) -> None:
        self.bad += 1
        if external_id is not None:
            self.spared.add(external_id)
        if len(self.troubles) < MOST_TROUBLES:
            self.troubles.append(Trouble(external_id, why))

    def _merge(self, external_id: str, row: Mapping[str, Any]) -> None:
        place = (whole_of(row["conjunto"], "conjunto", 1), municipio_of(row["municipio"]))
        affected, planned = whole_of(row["affected"], "affected"), truth_of(row["planned"])
        started = moment_of(row["started_at"], "started_at", self.zone)
        ended = self._end_of(row.get("ended_at"), started)
        event = self._events.setdefault(external_id, Event(started))
        event.started_at = min(event.started_at, started)
        event.planned |= planned
        event.open |= ended is None
        event.ended_at = max(filter(None, (event.ended_at, ended)), default=None)
        behind = event.behind.setdefault(str(row.get("device") or ""), Behind())
        behind.affected = max(behind.affected, affected)
        behind.places.add(place)

    def _end_of(self, value: Any, started: datetime) -> datetime | None:
        if value is None or value == "":
            return None
        ended = moment_of(value, "ended_at", self.zone)
        if ended < started:
            raise BadCell("ended_at lies before started_at")
        return ended
