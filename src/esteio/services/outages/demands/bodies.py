"""Consumers' demands, as their source reports them and as they are listed: ANEEL's codes under the house's names."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from esteio.base.errors import FieldError
from esteio.base.schema import Body, Moment, View, Whole
from esteio.services.outages.demands.forms import (
    PROTOCOL,
    TAXPAYER,
    TYPOLOGY,
    one_line,
    protocol_number,
    taxpayer_number,
    typology_code,
)
from esteio.services.outages.schemas import MUNICIPIO_CODES
from esteio.services.outages.views import RefusedLine

CLOSED = 1
"""The status of a demand that has an end; no other has one."""

EARLIEST = 1990
AHEAD = timedelta(minutes=5)
"""How far clocks of the source may be ahead of ours."""

_LINE = {"pattern": r"^[^\u0000-\u001f\u007f]+$"}

Protocol = Annotated[
    str,
    AfterValidator(protocol_number),
    Field(min_length=1, max_length=30, json_schema_extra={"pattern": PROTOCOL}, examples=["20261121000042"]),
]
Typology = Annotated[
    str,
    AfterValidator(typology_code),
    Field(json_schema_extra={"pattern": TYPOLOGY}, examples=["1020604"], description="Code of REH 2.992/2021, Annex I"),
]
Level = Annotated[Whole, Field(ge=1, le=2, description="1 first level, 2 ombudsman", examples=[1])]
Channel = Annotated[
    Whole,
    Field(
        ge=1,
        le=12,
        description="1 in person, 2 telephone, 3 virtual agency, 4 consumidor.gov, 5 application, 6 e-mail, 7 SMS, "
        "8 social network, 9 other, 10 chatbot, 11 chat with a person, 12 WhatsApp",
        examples=[2],
    ),
]
Status = Annotated[Whole, Field(ge=0, le=2, description="0 in progress, 1 closed, 2 other", examples=[0])]
Merit = Annotated[
    Whole, Field(ge=0, le=3, description="0 unfounded, 1 well founded, 2 being looked into, 3 other", examples=[2])
]
Treatment = Annotated[Whole, Field(ge=0, le=2, description="0 first level, 1 ombudsman, 2 other", examples=[0])]
Municipio = Annotated[
    Whole, Field(ge=MUNICIPIO_CODES[0], le=MUNICIPIO_CODES[1], description="Code of IBGE", examples=[1400100])
]


class Consumer(Body):
    """Who made the demand. It is kept sealed, and shown to nobody but the regulator."""

    uc: Annotated[str, AfterValidator(one_line), Field(json_schema_extra=_LINE)] = Field(
        min_length=1, max_length=15, description="Number of the consumer unit", examples=["0012345678"], repr=False
    )
    cpf_cnpj: Annotated[str, AfterValidator(taxpayer_number)] = Field(
        json_schema_extra={"pattern": TAXPAYER},
        description="CPF (11 digits) or CNPJ (14 characters) without points, strokes and dashes",
        examples=["12345678909"],
        repr=False,
    )
    name: Annotated[str, AfterValidator(one_line), Field(json_schema_extra=_LINE)] = Field(
        min_length=1, max_length=50, description="Name of the unit's holder", examples=["Maria Exemplo"], repr=False
    )


class DemandReport(Body):
    """A demand as its source knows it now, whole. `closed_at` is said exactly where `status` is 1."""

    level: Level
    channel: Channel
    typology: Typology
    status: Status
    merit: Merit
    treatment: Treatment
    municipio: Municipio
    opened_at: Moment
    closed_at: Moment | None = Field(None, validate_default=True)
    consumer: Consumer

    @field_validator("closed_at")
    @classmethod
    def _fits_the_status(cls, closed_at: datetime | None, info: ValidationInfo) -> datetime | None:
        status, opened_at = info.data.get("status"), info.data.get("opened_at")
        if status == CLOSED and closed_at is None:
            raise ValueError("a closed demand (status 1) says when it was closed")
        if status is not None and status != CLOSED and closed_at is not None:
            raise ValueError("only a closed demand (status 1) says when it was closed")
        if opened_at is not None and closed_at is not None and closed_at < opened_at:
            raise ValueError("a demand is not closed before it is opened")
        return closed_at

    def untimely(self, now: datetime) -> FieldError | None:
        """What is wrong with its times as seen from the present."""
        if self.opened_at.year < EARLIEST:
            return _at("opened_at", f"Demands begin in {EARLIEST}.")
        for field, moment in (("opened_at", self.opened_at), ("closed_at", self.closed_at)):
            if moment is not None and moment > now + AHEAD:
                return _at(field, "This lies in the future.")
        return None


class DemandLine(DemandReport):
    """A line of many: a demand with its protocol."""

    protocol: Protocol


class DemandView(View):
    """A demand without anything that says who made it."""

    protocol: str
    level: int
    channel: int
    typology: str
    status: int
    merit: int
    treatment: int
    municipio: int
    opened_at: datetime
    closed_at: datetime | None
    updated_at: datetime


class DemandsBulkView(View):
    """What became of the lines. `refused_lines` shows the first hundred, `refused` counts all."""

    lines: int = Field(description="Those that are not empty")
    created: int
    replaced: int
    superseded: int = Field(description="Valid lines whose demand stands again further down, which counts")
    refused: int
    refused_lines: list[RefusedLine]


DEMAND_FIELDS = tuple(DemandView.model_fields)


def _at(field: str, sentence: str) -> FieldError:
    return FieldError("VALIDATION_ERROR", sentence, field, f"#/{field}")
