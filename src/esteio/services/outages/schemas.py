"""Bodies that are sent and received."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Area:
    """So many consumer units of a (conjunto, município) are out; `ucs` says which, where that is known."""

    conjunto: int
    municipio: int
    affected: int
    ucs: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """An outage as a source knows it now, whole: what it does not say any more is no longer so."""

    external_id: str
    planned: bool
    started_at: datetime
    ended_at: datetime | None
    areas: tuple[Area, ...]
