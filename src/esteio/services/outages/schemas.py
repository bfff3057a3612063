"""What sources report of outages, and what may be written of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MOST_AFFECTED = 10_000_000
MOST_AREAS = 50
MOST_UCS = 50_000
MOST_SERVED = 100_000_000
MOST_PAIRS = 20_000
LONGEST_UC = 30
LONGEST_ID = 200
LARGEST_CODE = 2_147_483_647
MUNICIPIO_CODES = (1_000_000, 9_999_999)
"""IBGE numbers municípios with seven digits."""
AHEAD = timedelta(days=400)
"""How far in the future an outage may begin or end: planned ones are announced months before."""

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_TAKEN = frozenset({".", "..", "bulk", "universe", "summary", "polls", "demands"})
"""As a segment of a path these are, or lead to, something else than an outage."""

Flaw = tuple[str, str]
"""A member, as `areas.0.ucs`, and what is wrong with it."""


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


@dataclass(frozen=True, slots=True)
class Served:
    """A conjunto serves so many consumer units in a município."""

    conjunto: int
    municipio: int
    served: int


def flaw(report: Report, now: datetime) -> Flaw | None:
    """The first thing for which the report cannot be written; `None` when it can."""
    return next(_flaws(report, now), None)


def checked_id(external_id: str) -> str:
    """The outage's name, if it can be one and can be written into a path. Raises `ValueError`."""
    if not 1 <= len(external_id) <= LONGEST_ID:
        raise ValueError(f"an external id has 1 to {LONGEST_ID} characters")
    if not external_id.isprintable() or external_id != external_id.strip() or "/" in external_id or "\\" in external_id:
        raise ValueError("an external id has printable characters without slashes, and no blank at its ends")
    if external_id in _TAKEN:
        raise ValueError(f"{external_id} cannot be an external id")
    return external_id


def checked_period(started_at: datetime, ended_at: datetime | None, now: datetime) -> None:
    """Raises `ValueError` with the member in front of the words where an outage cannot have been then."""
    if not _EARLIEST <= started_at <= now + AHEAD:
        raise ValueError("started_at", f"an outage begins after 1999 and within {AHEAD.days} days")
    if ended_at is None:
        return
    if ended_at < started_at:
        raise ValueError("ended_at", "an outage does not end before it began")
    if ended_at > now + AHEAD:
        raise ValueError("ended_at", f"an outage ends within {AHEAD.days} days")


def area_flaws(areas: Iterable[Area]) -> Iterator[Flaw]:
    """What is wrong with the areas of one outage."""
    seen: set[tuple[int, int]] = set()
    for number, area in enumerate(areas):
        for member, words in _area_flaws(area):
            yield f"areas.{number}.{member}", words
        pair = (area.conjunto, area.municipio)
        if pair in seen:
            yield f"areas.{number}", "a conjunto and município stand there once"
        seen.add(pair)
    if not 1 <= len(seen) <= MOST_AREAS:
        yield "areas", f"an outage has 1 to {MOST_AREAS} areas"


def _flaws(report: Report, now: datetime) -> Iterator[Flaw]:
    try:
        checked_id(report.external_id)
    except ValueError as error:
        yield "external_id", str(error)
    try:
        checked_period(report.started_at, report.ended_at, now)
    except ValueError as error:
        yield error.args[0], error.args[1]
    yield from area_flaws(report.areas)


def _area_flaws(area: Area) -> Iterator[Flaw]:
    if not 1 <= area.conjunto <= LARGEST_CODE:
        yield "conjunto", "a code is a positive whole number"
    if not MUNICIPIO_CODES[0] <= area.municipio <= MUNICIPIO_CODES[1]:
        yield "municipio", "IBGE's code of a município has seven digits"
    if not 0 <= area.affected <= MOST_AFFECTED:
        yield "affected", f"0 to {MOST_AFFECTED} consumer units are out"
    if area.ucs is not None:
        yield from _uc_flaws(area.ucs, area.affected)


def _uc_flaws(ucs: tuple[str, ...], affected: int) -> Iterator[Flaw]:
    if len(ucs) > MOST_UCS:
        yield "ucs", f"at most {MOST_UCS} consumer units are listed"
    elif not all(1 <= len(uc) <= LONGEST_UC and uc.isprintable() and uc == uc.strip() for uc in ucs):
        yield "ucs", f"a consumer unit has 1 to {LONGEST_UC} printable characters, and no blank at its ends"
    elif len(set(ucs)) < len(ucs):
        yield "ucs", "a consumer unit is listed once"
    elif len(ucs) != affected:
        yield "affected", "as many consumer units are out as are listed"
