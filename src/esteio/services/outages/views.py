"""What callers see of outages."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from esteio.base.schema import View


class AreaView(View):
    conjunto: int
    municipio: int
    affected: int
    ucs: list[str] | None = Field(description="Which consumer units, where that is known and still kept")


class OutageView(View):
    external_id: str
    source: str = Field(description="Through which way it was last changed: api, oms or csv")
    planned: bool
    started_at: datetime
    ended_at: datetime | None
    affected: int = Field(description="Consumer units of all areas")
    areas: list[AreaView]
    version: int = Field(ge=1)
    created_at: datetime
    updated_at: datetime


class ListedAreaView(View):
    conjunto: int
    municipio: int
    affected: int
    listed: bool = Field(description="Whether it is known which consumer units; reading the one outage shows them")


class ListedOutageView(View):
    """An outage in a list."""

    external_id: str
    source: str
    planned: bool
    started_at: datetime
    ended_at: datetime | None
    affected: int
    areas: list[ListedAreaView]
    version: int
    created_at: datetime
    updated_at: datetime


class RefusedLine(View):
    line: int = Field(description="From 1, empty lines counted")
    field: str | None
    code: str
    message: str


class BulkView(View):
    """What became of the lines. `refused_lines` shows the first hundred, `refused` counts all."""

    lines: int = Field(description="Those that are not empty")
    created: int
    changed: int
    unchanged: int
    superseded: int = Field(description="Valid lines whose outage stands again further down, which counts")
    refused: int
    refused_lines: list[RefusedLine]


class ServedView(View):
    """How many consumer units a conjunto serves in a município."""

    conjunto: int
    municipio: int
    name: str | None = Field(description="The município's name, where it is known here")
    served: int
    updated_at: datetime


class PairView(View):
    conjunto: int
    municipio: int
    served: int


class LoadedView(View):
    pairs: int
    changed: int = Field(description="Pairs that are new, gone, or have another number than before")


Served = Annotated[int, Field(description="Consumer units that are served")]
PlannedOf = Annotated[int, Field(description="Of these, without supply by planned outages")]
UnplannedOf = Annotated[int, Field(description="Of these, without supply by other outages")]
Share = Annotated[float, Field(description="Of the served, without supply: 0 to 1")]


class TotalsView(View):
    served: Served
    planned: PlannedOf
    unplanned: UnplannedOf
    share: Share


class MunicipioView(View):
    municipio: int = Field(description="As IBGE numbers it")
    name: str | None = Field(description="Where it is known here")
    served: Served
    planned: PlannedOf
    unplanned: UnplannedOf
    share: Share


class BandView(View):
    """Consumer units that have been without supply for so long."""

    from_hours: int
    to_hours: int | None = Field(description="Without this hour itself; empty for no end")
    planned: int
    unplanned: int


class SummaryView(View):
    as_of: datetime
    totals: TotalsView
    municipios: list[MunicipioView]
    bands: list[BandView]
