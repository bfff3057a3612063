"""The two layouts of the files, told apart by their headers: 18 columns of 2017 to 2025, 26 columns from 2026 on.

Columns are found by name, in any order; those that nobody needs may be missing or new.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from zoneinfo import ZoneInfo

from esteio.services.outages.sheet import cells as cell
from esteio.services.outages.sheet.lines import BadLine

_UNFIT = re.compile(r"[^0-9A-Za-z._-]")
CUT = 60
"""Characters of a code in an outage's name; the digest has all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a layout has what is needed. `place` are columns that tell rows of one interruption apart."""

    name: str
    agent: str
    taxpayer: str
    conjunto: str
    municipio: str | None
    planned: str
    affected: str
    codes: tuple[str, ...]
    place: tuple[str, ...]
    started: str = "DatInicioInterrupcao"
    ended: str = "DatFimInterrupcao"

    @property
    def needed(self) -> frozenset[str]:
        own = (self.agent, self.taxpayer, self.conjunto, self.planned, self.affected, self.started, self.ended)
        return frozenset({*own, *self.codes, *((self.municipio,) if self.municipio else ())})


OLD = Layout(
    name="2017",
    agent="SigAgente",
    taxpayer="NumCPFCNPJ",
    conjunto="IdeConjuntoUnidadeConsumidora",
    municipio=None,
    planned="DscTipoInterrupcao",
    affected="NumUnidadeConsumidora",
    codes=("NumOrdemInterrupcao",),
    place=("DscSubestacaoDistribuicao", "DscAlimentadorSubestacao", "NumNivelTensao"),
)
NEW = Layout(
    name="2026",
    agent="SigAgente",
    taxpayer="NumCNPJDistribuidora",
    conjunto="CodConjUnidadeConsumidora",
    municipio="CodMunicipioIBGE",
    planned="DscFatoGeradorTipo",
    affected="QtdConsumidoresAfetados",
    codes=("CodInterrupcao", "CodEvento", "CodOcorrencia"),
    place=("CodSubestacao", "CodAlimentador", "NumNivelTensao"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """An interruption as a row tells it, at the times that it has there. `external_id` is the same for the same row."""

    external_id: str
    conjunto: int
    municipio: int | None
    planned: bool
    started_at: datetime
    ended_at: datetime
    affected: int


class Columns:
    """The columns of one file."""

    def __init__(self, header: Sequence[str], zone: ZoneInfo) -> None:
        """Raises `BadLine` where the header is that of neither layout."""
        names = [name.strip().casefold() for name in header]
        self._width, self._zone = len(names), zone
        self.layout = _layout_of(names)
        layout = self.layout
        where = {name: names.index(name.casefold()) for name in (*layout.needed, *layout.place) if _has(names, name)}
        self._where: Mapping[str, int] = where
        self._identity = [where[name] for name in (*layout.codes, *layout.place) if name in where]
        self._agent = where[layout.agent]

    def agent(self, cells: Sequence[str]) -> str:
        """The short name of the distributor, without the blanks that fill it up. Raises `BadLine`."""
        if len(cells) != self._width:
            raise BadLine(f"it has {len(cells)} columns, the header {self._width}")
        return cells[self._agent].strip()

    def row(self, cells: Sequence[str]) -> Row:
        """What the row says. Raises `BadLine`."""
        agent, layout = self.agent(cells), self.layout
        conjunto = cell.whole(self._of(cells, layout.conjunto), layout.conjunto)
        started, ended = self._times(cells)
        municipio = None
        if layout.municipio is not None:
            municipio = cell.municipio(self._of(cells, layout.municipio), layout.municipio)
        return Row(
            external_id=self._name(cells, agent, conjunto, municipio, started),
            conjunto=conjunto,
            municipio=municipio,
            planned=self._planned(cells),
            started_at=started,
            ended_at=ended,
            affected=cell.whole(self._of(cells, layout.affected), layout.affected),
        )

    def _of(self, cells: Sequence[str], column: str) -> str:
        return cells[self._where[column]]

    def _times(self, cells: Sequence[str]) -> tuple[datetime, datetime]:
        layout = self.layout
        started = cell.moment(self._of(cells, layout.started), layout.started, self._zone)
        ended = cell.moment(self._of(cells, layout.ended), layout.ended, self._zone)
        if ended < started:
            raise BadLine(f"{layout.ended} lies before {layout.started}")
        return started, ended

    def _planned(self, cells: Sequence[str]) -> bool:
        word = cell.plain(self._of(cells, self.layout.planned))
        if word.startswith("programada"):
            return True
        if self.layout is OLD and not (word.startswith("n") and word.endswith("programada")):
            raise BadLine(f"{self.layout.planned} is neither Programada nor Não Programada")
        return False

    def _name(self, cells: Sequence[str], agent: str, conjunto: int, municipio: int | None, started: datetime) -> str:
        codes = [cells[place].strip().replace(",", ".") for place in self._identity]
        known = (cell.taxpayer(self._of(cells, self.layout.taxpayer)), agent, *codes)
        identity = "\x1f".join((*known, str(conjunto), str(municipio or ""), started.isoformat()))
        digest = blake2b(identity.encode(), digest_size=10).hexdigest()
        return f"aneel{self.layout.name}:{_fit(agent)}:{_fit(codes[0])}:{digest}"


def _has(names: Sequence[str], name: str) -> bool:
    return name.casefold() in names


def _layout_of(names: Sequence[str]) -> Layout:
    for layout in (OLD, NEW):
        if all(_has(names, name) for name in layout.needed):
            return layout
    raise BadLine("the header is that of neither layout of ANEEL's interruptions")


def _fit(code: str) -> str:
    """The code as a part of an outage's name."""
    return _UNFIT.sub("-", code[:CUT])
