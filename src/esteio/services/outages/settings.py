"""What operators may set, under `ESTEIO_OUTAGES__…`."""

import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from esteio.base.schema import CommaList
from esteio.upstream.addresses import network

REGULATOR = "200.198.220.128/25"
"""The block of addresses from which ANEEL asks, as its circular names it."""

_URL = re.compile(r"[a-z][a-z0-9_]*(\+[a-z0-9_]+)?://")
_SELECT = re.compile(r"(select|with)\b", re.IGNORECASE)


def _networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(network(text)) for text in texts)
    except ValueError as error:
        raise ValueError(f"write networks as {REGULATOR}, separated by commas") from error


def _outside(prefix: str) -> str:
    if prefix.startswith("/api"):
        raise ValueError("what begins with /api is the house's own")
    return prefix


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError) as error:
        raise ValueError("write a time zone as America/Boa_Vista") from error
    return name


def _address(url: SecretStr) -> SecretStr:
    text = url.get_secret_value().strip()
    if text and not _URL.match(text):
        raise ValueError("it begins as oracle+oracledb://, postgresql+asyncpg:// or sqlite:///")
    return SecretStr(text)


def _question(query: str) -> str:
    query = query.strip().rstrip(";").rstrip()
    if query and not _SELECT.match(query):
        raise ValueError("it is one SELECT, which may begin with WITH")
    return query


class OutagesSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    form: Literal["legacy", "v4"] = Field(
        default="legacy", description="ANEEL's older form with desStatusRequisicao, or that of V4 without it"
    )
    siblings_head: bool = Field(
        default=False,
        description="whether the answers on demands have desStatusRequisicao (in the older form) and "
        "emailIndisponibilidade too",
    )
    email: str = Field(
        default="radar@distribuidora.com.br",
        min_length=3,
        max_length=50,
        description="emailIndisponibilidade: whom ANEEL writes to when there is no answer",
    )
    prefix: Annotated[str, AfterValidator(_outside)] = Field(
        default="",
        pattern=r"^(/[a-z0-9][a-z0-9._-]*)*$",
        max_length=100,
        description="path in front of ANEEL's operations, which are found under /radar too; such as /ws/v4",
    )
    allowed_networks: Annotated[CommaList, AfterValidator(_networks)] = Field(
        default=(), description=f"addresses that may ask in ANEEL's name ({REGULATOR}); anybody with a key when empty"
    )
    window_days: int = Field(default=7, ge=1, le=366, description="how far back dthRecuperacao may lie")
    cached: float = Field(default=300.0, ge=0, le=3600, description="seconds for which the answer for now is kept")
    stale: float = Field(
        default=3600.0, ge=0, le=86_400, description="seconds for which it is still given while the database is away"
    )
    polls_days: int = Field(default=730, ge=1, le=3660, description="how long ANEEL's questions are kept on record")
    ucs_days: int = Field(
        default=30, ge=8, le=3660, description="how long after its end it is kept which consumer units an outage had"
    )
    outages_days: int = Field(default=1900, ge=31, le=3660, description="how long outages are kept after their end")
    demands_days: int = Field(default=366, ge=190, le=3660, description="how long demands are kept after their end")
    oms_url: Annotated[SecretStr, AfterValidator(_address)] = Field(
        default=SecretStr(""), description="SQLAlchemy URL of the outage management system that is read; empty: none"
    )
    oms_query: Annotated[str, AfterValidator(_question)] = Field(
        default="", description="SELECT that yields its outages, instead of the one that is shipped"
    )
    oms_zone: Annotated[str, AfterValidator(_zone)] = Field(
        default="America/Boa_Vista", description="time zone in which it writes times that name none"
    )
    oms_timeout: float = Field(default=60.0, gt=0, le=600, description="seconds for a query of it")
    oms_overlap: float = Field(
        default=300.0, ge=0, le=86_400, description="seconds before the last reading from which changes are asked for"
    )
    oms_late: float = Field(
        default=15.0, gt=0, le=1440, description="minutes after the last good reading from which health names it"
    )
