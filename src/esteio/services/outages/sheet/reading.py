"""From a file's lines to rows, and from rows to reports."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO
from zoneinfo import ZoneInfo

from esteio.services.outages.schemas import Report, flaw
from esteio.services.outages.shares import Universe
from esteio.services.outages.sheet.layouts import Columns, Row
from esteio.services.outages.sheet.lines import BadLine, Encoding, Line, lines_of


@dataclass(frozen=True, slots=True)
class Found:
    """A line with its row; without one it is another distributor's, or `why` says what is wrong with it."""

    line: Line
    row: Row | None = None
    why: str = ""


class Sheet:
    """A file of either layout. It is read as often as it is asked for."""

    def __init__(self, file: IO[bytes], *, encoding: Encoding, zone: ZoneInfo, agent: str | None) -> None:
        self._file, self._encoding, self._zone = file, encoding, zone
        self._agent = agent.strip().casefold() if agent else None
        self._columns: Columns | None = None

    def open(self) -> None:
        """Look at the header. Raises `BadLine`."""
        header = next(lines_of(self._file), None)
        if header is None:
            raise BadLine("it is empty")
        self._columns = Columns(header.cells(self._encoding), self._zone)

    @property
    def layout(self) -> str:
        """The first year of the layout."""
        assert self._columns is not None, "the sheet is not open"
        return self._columns.layout.name

    def rows(self) -> Iterator[Found]:
        """Every line behind the header."""
        lines = lines_of(self._file)
        next(lines, None)
        for line in lines:
            try:
                yield Found(line, self._row(line))
            except BadLine as error:
                yield Found(line, why=str(error))

    def _row(self, line: Line) -> Row | None:
        assert self._columns is not None, "the sheet is not open"
        cells = line.cells(self._encoding)
        if self._agent is not None and self._columns.agent(cells).casefold() != self._agent:
            return None
        return self._columns.row(cells)


def newest_start(sheet: Sheet) -> datetime | None:
    """When the last interruption of the sheet began; a reading of the whole file."""
    return max((found.row.started_at for found in sheet.rows() if found.row is not None), default=None)


def report_of(row: Row, offset: timedelta, universe: Universe, now: datetime) -> Report:
    """The row as an outage at moved times. Raises `BadLine` where it cannot be one.

    A row that names no município is divided among those that its conjunto serves.
    """
    places = universe.places_of(row.conjunto) if row.municipio is None else ((row.conjunto, row.municipio),)
    if not places:
        raise BadLine(f"no município is known of the conjunto {row.conjunto}: load the universe first")
    try:
        started, ended = row.started_at + offset, row.ended_at + offset
    except OverflowError as error:
        raise BadLine("its times cannot be moved that far") from error
    report = Report(row.external_id, row.planned, started, ended, universe.areas(row.affected, places))
    if wrong := flaw(report, now):
        raise BadLine(": ".join(wrong))
    return report
