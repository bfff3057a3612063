"""The universe, read and loaded."""

import asyncio
import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request

from esteio.auth.caller import Caller
from esteio.base.errors import BadRequest, FieldError
from esteio.http.answers import Answer
from esteio.http.coding import uncoded
from esteio.http.envelope import Envelope
from esteio.http.exchange import exchange_of
from esteio.http.house import house_of
from esteio.http.rules import Cached, rules
from esteio.http.sessions import Session
from esteio.services.outages.bodies import ServedBody
from esteio.services.outages.routes.intake import chunks, kind_of
from esteio.services.outages.schemas import LARGEST_CODE, MUNICIPIO_CODES, Served
from esteio.services.outages.universe import COLUMNS, from_csv, from_json, tag, whole_universe
from esteio.services.outages.use_cases import universe
from esteio.services.outages.views import LoadedView, PairView, ServedView

BASE = "/api/v2/outages/universe"
LARGEST = 4 * 1024 * 1024
_READERS = {"application/json": from_json, "text/csv": from_csv}
_EXAMPLE = [{"conjunto": 12727, "municipio": 1400100, "served": 31400}]
_NUMBER = {"type": "integer", "minimum": 0}
_PAIR = {"type": "object", "properties": dict.fromkeys(COLUMNS, _NUMBER), "required": list(COLUMNS)}
_TAG = re.compile(r'"[!#-~]{1,100}"')
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the universe that was read, so that nobody's load is lost",
    "schema": {"type": "string"},
}
_BODY: dict[str, Any] = {
    "parameters": [_IF_MATCH],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "array", "items": _PAIR, "examples": [_EXAMPLE]}},
            "text/csv": {
                "schema": {"type": "string", "examples": ["conjunto;municipio;served\n12727;1400100;31400\n"]}
            },
        },
    },
}

router = APIRouter(prefix="/outages/universe", tags=["outages"])
FRESH = Cached(seconds=30, tags=("outage",), per="tenant")
Conjunto = Annotated[int, Path(ge=1, le=LARGEST_CODE, description="Set of consumer units, as ANEEL numbers it")]
Municipio = Annotated[
    int, Path(ge=MUNICIPIO_CODES[0], le=MUNICIPIO_CODES[1], description="Município, as IBGE numbers it")
]


async def _taken_in(request: Request) -> list[Served]:
    read = _READERS[kind_of(request, _READERS)]
    body = b"".join([chunk async for chunk in chunks(request)])
    return await asyncio.to_thread(read, body)


TakenIn = Annotated[list[Served], Depends(_taken_in)]
"""To stand before the session among a route's parameters, so that no transaction waits for the body."""


@router.get("", summary="Read the universe", response_model=Envelope[list[ServedView]])
@rules("outages:read", cached=FRESH)
async def read_universe(request: Request) -> Answer:
    """How many consumer units each conjunto serves in each município: whole, since it is loaded whole."""
    rows = await whole_universe(house_of(request).database, exchange_of(request.scope).principal.tenant)
    return Answer(rows, etag=f'"{tag((row["conjunto"], row["municipio"], row["served"]) for row in rows)}"')


@router.put("", summary="Load the universe", response_model=Envelope[LoadedView], openapi_extra=_BODY)
@rules("outages:ingest", body_limit=LARGEST, errors=(412, 415))
async def load_universe(request: Request, entries: TakenIn, caller: Caller, session: Session) -> Answer:
    """These pairs and no others, at once: a JSON array, or CSV with the columns `conjunto;municipio;served`, or commas.

    With If-Match only while the universe is still the one whose ETag was read. Pairs that no universe lists may still
    have outages; then as many units count as served as are out.
    """
    changed = await universe.load_universe(
        caller=caller,
        session=session,
        clock=house_of(request).clock,
        entries=entries,
        expected=_expected(request),
    )
    present = tag((entry.conjunto, entry.municipio, entry.served) for entry in entries)
    return Answer(LoadedView(pairs=len(entries), changed=changed), etag=f'"{present}"')


@router.put(
    "/{conjunto}/{municipio}",
    summary="Set a pair of the universe",
    response_model=Envelope[PairView],
    responses={201: {"model": Envelope[PairView], "description": "The pair is new"}},
)
@rules("outages:ingest", errors=(409,))
async def put_pair(
    request: Request, conjunto: Conjunto, municipio: Municipio, data: ServedBody, caller: Caller, session: Session
) -> Answer:
    """How many consumer units the conjunto serves in the município; the other pairs stay. 201 where the pair is new."""
    entry = Served(conjunto, municipio, data.served)
    created = await universe.put_pair(caller=caller, session=session, clock=house_of(request).clock, entry=entry)
    view = PairView(conjunto=conjunto, municipio=municipio, served=data.served)
    return Answer(view, status=201 if created else 200, location=BASE if created else None)


def _expected(request: Request) -> frozenset[str] | None:
    """The tags that If-Match names; `None` for no condition or `*`. Raises `BadRequest` for what is no strong tag."""
    condition = exchange_of(request.scope).headers.get(b"if-match")
    if condition is None or condition.strip() == b"*":
        return None
    found = [part.strip() for part in condition.decode("latin-1").split(",")]
    if not all(_TAG.fullmatch(part) for part in found):
        raise BadRequest(errors=[FieldError(BadRequest.code, "If-Match takes strong entity tags, or *.", "If-Match")])
    return frozenset(uncoded(part)[1:-1] for part in found)
