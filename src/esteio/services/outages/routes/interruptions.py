"""ANEEL's question of active interruptions, in ANEEL's contract."""

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request

from esteio.http.answers import Answer
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.rules import Cached, rules
from esteio.services.outages.part import OutagesPart
from esteio.services.outages.regulator.answering import Found, Note, noted, past, present
from esteio.services.outages.regulator.contract import FAILED, FAILURE, OUTSIDE_WINDOW, WRONG_MOMENT, Words
from esteio.services.outages.regulator.document import CONTENT, SAMPLE
from esteio.services.outages.regulator.moments import OutsideWindow, moment_of
from esteio.services.outages.settings import OutagesSettings

router = APIRouter(tags=["RADAR"])
MOMENT = "dthRecuperacao"
FRESH = Cached(seconds=3600, tags=("outage",), per="tenant")
"""The longest that the settings allow; each answer says how long it may really be kept."""


def _number(words: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": 0, "description": words}


_ROW: dict[str, dict[str, Any]] = {
    "ideConjuntoUnidadeConsumidora": _number("Código do conjunto de unidades consumidoras"),
    "ideMunicipio": _number("Código IBGE do município"),
    "qtdUCsAtendidas": _number("UCs que o conjunto atende no município"),
    "qtdOcorrenciaProgramada": _number("UCs interrompidas agora por interrupção programada"),
    "qtdOcorrenciaNaoProgramada": _number("UCs interrompidas agora por interrupção não programada"),
}
_DESCRIBED: dict[str, Any] = {
    "parameters": [
        {
            "name": MOMENT,
            "in": "query",
            "required": False,
            "description": "Momento a recuperar, dd/mm/aaaa hh:mm, horário de Brasília; sem ele, o momento atual",
            "schema": {"type": "string", "pattern": "^[0-9]{2}/[0-9]{2}/[0-9]{4} [0-9]{2}:[0-9]{2}$"},
            "example": "21/11/2026 14:30",
        }
    ],
    CONTENT: {
        "type": "array",
        "description": "Uma linha por conjunto e município com UC interrompida; vazia se não há nenhuma, e em caso de "
        "erro",
        "items": {"type": "object", "additionalProperties": False, "required": list(_ROW), "properties": _ROW},
    },
    SAMPLE: [dict(zip(_ROW, (12727, 1400100, 125_000, 150, 45), strict=True))],
}


@router.get(
    "/quantitativointerrupcoesativas",
    summary="Interrupções ativas",
    description="Quantas unidades consumidoras (UCs) estão sem fornecimento, por conjunto e município.",
    openapi_extra=_DESCRIBED,
)
@rules("outages:poll", limits=("outages.radar",), cached=FRESH, manner="radar")
async def active_interruptions(request: Request) -> Answer:
    """What is so now, or was so at the moment that is asked about."""
    house = house_of(request)
    settings: OutagesSettings = house.settings["outages"]
    try:
        moment = moment_of(
            request.query_params.getlist(MOMENT), now=house.clock.now(), window=timedelta(days=settings.window_days)
        )
    except OutsideWindow:
        return _refused(request, OUTSIDE_WINDOW)
    except ValueError:
        return _refused(request, WRONG_MOMENT)
    return await _asked(request, settings, moment)


async def _asked(request: Request, settings: OutagesSettings, moment: datetime | None) -> Answer:
    house, exchange = house_of(request), exchange_of(request.scope)
    tenant, part = exchange.principal.tenant, _part(request)
    found: Found | None
    if moment is None:
        found = await present(house.database, part.standby, tenant, clock=house.clock, keep=settings.cached)
    else:
        found = await past(house.database, tenant, moment)
    note = noted(found, moment, exchange.accepted_at)
    if found is None:
        return _told(part.interruptions.failure(FAILED), note)
    return _told(part.interruptions.success(found.content), note, found.keep)


def _refused(request: Request, words: Words) -> Answer:
    return _told(_part(request).interruptions.failure(words), Note(None, FAILURE, "none", 0))


def _told(body: bytes, note: Note, keep: float = 0.0) -> Answer:
    return Answer(body, cache_control="no-store", keep=keep, note=note)


def _part(request: Request) -> OutagesPart:
    part: OutagesPart = house_of(request).parts["outages"]
    return part
