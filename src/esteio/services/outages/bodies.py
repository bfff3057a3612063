"""Bodies that report and correct outages."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from esteio.base.schema import Body, Change, Flag, Moment, Text, Whole
from esteio.services.outages.schemas import (
    LARGEST_CODE,
    LONGEST_ID,
    LONGEST_UC,
    MOST_AFFECTED,
    MOST_AREAS,
    MOST_SERVED,
    MOST_UCS,
    MUNICIPIO_CODES,
    Area,
    Report,
    checked_id,
)

Code = Annotated[Whole, Field(ge=1, le=LARGEST_CODE)]
Conjunto = Annotated[Code, Field(description="Set of consumer units, as ANEEL numbers it", examples=[12727])]
Municipio = Annotated[
    Whole,
    Field(
        ge=MUNICIPIO_CODES[0], le=MUNICIPIO_CODES[1], description="Município, as IBGE numbers it", examples=[1400100]
    ),
]
Affected = Annotated[Whole, Field(ge=0, le=MOST_AFFECTED, description="Consumer units that are out", examples=[45])]
Uc = Annotated[Text, Field(min_length=1, max_length=LONGEST_UC)]
Ucs = Annotated[list[Uc], Field(max_length=MOST_UCS, description="Which consumer units are out, each once")]
ExternalId = Annotated[
    Text,
    Field(min_length=1, max_length=LONGEST_ID, description="Its name where it is reported from", examples=["EVT-1"]),
    AfterValidator(checked_id),
]
_FLAT = ("conjunto", "municipio", "affected", "ucs")


class AreaBody(Body):
    """`affected`, or `ucs`, or both, which then agree."""

    conjunto: Conjunto
    municipio: Municipio
    affected: Affected | None = None
    ucs: Ucs | None = None

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"conjunto": 12727, "municipio": 1400100, "affected": 45}]}
    )

    @model_validator(mode="after")
    def _counted(self) -> "AreaBody":
        if self.affected is None and self.ucs is None:
            raise ValueError("say how many consumer units are out, or which")
        return self

    def area(self) -> Area:
        """The area; those who list their units need not count them."""
        ucs = None if self.ucs is None else tuple(self.ucs)
        affected = len(ucs or ()) if self.affected is None else self.affected
        return Area(self.conjunto, self.municipio, affected, ucs)


class OutageBody(Body):
    """An outage, whole: one area as `conjunto`, `municipio` and `affected` or `ucs`; several, or one, as `areas`."""

    planned: Flag = False
    started_at: Moment
    ended_at: Moment | None = Field(None, description="When supply was restored; empty while it is not")
    conjunto: Conjunto | None = None
    municipio: Municipio | None = None
    affected: Affected | None = None
    ucs: Ucs | None = None
    areas: Annotated[list[AreaBody], Field(min_length=1, max_length=MOST_AREAS)] | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"started_at": "2026-01-01T00:00:00Z", "conjunto": 12727, "municipio": 1400100, "affected": 45}
            ]
        }
    )

    @model_validator(mode="after")
    def _one_form(self) -> "OutageBody":
        flat = [name for name in _FLAT if getattr(self, name) is not None]
        if (self.areas is not None) == bool(flat):
            raise ValueError("say either areas, or conjunto, municipio and affected or ucs")
        if flat and not {"conjunto", "municipio"} <= set(flat):
            raise ValueError("conjunto and municipio are both needed")
        if flat and len(flat) == 2:
            raise ValueError("say how many consumer units are out, or which")
        return self

    def report(self, external_id: str) -> Report:
        """What it says of the outage with this name."""
        return Report(external_id, self.planned, self.started_at, self.ended_at, self._areas())

    def _areas(self) -> tuple[Area, ...]:
        if self.areas is not None:
            return areas_of(self.areas)
        said = {name: getattr(self, name) for name in _FLAT}
        return (AreaBody.model_construct(None, **said).area(),)


class OutageLine(OutageBody):
    """A line of many."""

    external_id: ExternalId


class OutageChange(Change):
    """The members that shall change; `areas` are replaced together, `ended_at` null opens the outage again."""

    never_empty = frozenset({"planned", "started_at", "areas"})

    planned: Flag | None = Field(None, examples=[True])
    started_at: Moment | None = None
    ended_at: Moment | None = None
    areas: Annotated[list[AreaBody], Field(min_length=1, max_length=MOST_AREAS)] | None = None

    def members(self) -> dict[str, Any]:
        """Those that were named, as a report has them."""
        said = {name: getattr(self, name) for name in self.model_fields_set}
        if self.areas is not None:
            said["areas"] = areas_of(self.areas)
        return said


class ServedBody(Body):
    served: Annotated[Whole, Field(ge=0, le=MOST_SERVED, description="Consumer units", examples=[31400])]


class PairBody(ServedBody):
    """How many consumer units a conjunto serves in a município."""

    conjunto: Conjunto
    municipio: Municipio


class Closing(Body):
    """When supply was restored; now unless said."""

    ended_at: Moment | None = Field(None, examples=["2026-01-01T04:30:00Z"])


def areas_of(bodies: Iterable[AreaBody]) -> tuple[Area, ...]:
    """The areas that are meant."""
    return tuple(body.area() for body in bodies)
