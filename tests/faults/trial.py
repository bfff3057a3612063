"""A service whose operations behave badly on request."""

import asyncio
from typing import Any
from uuid import uuid4

from fastapi import APIRouter
from sqlalchemy import text

from esteio.auth.caller import Caller
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.rules import AUTHENTICATED, rules
from esteio.http.sessions import Session
from esteio.limits.policy import Policy
from esteio.manifest import Manifest

router = APIRouter(prefix="/trial", tags=["trial"])
Shape = Envelope[dict[str, Any]]

_PET = text(
    "INSERT INTO pets (id, tenant_id, name, species, status, version, owner) "
    "VALUES (:id, :tenant, :name, 'dog', 'active', 1, 'trial')"
)


@router.get("/strict", summary="Needs the shared counter", response_model=Shape)
@rules(limits=("trial.strict",))
async def strict() -> Answer:
    return Answer({})


@router.post("/slow", summary="Writes, then takes its time", response_model=Shape)
@rules(AUTHENTICATED, idempotent=True, time_budget=0.3)
async def slow(caller: Caller, session: Session) -> Answer:
    await session.execute(_PET, {"id": uuid4(), "tenant": caller.tenant, "name": "Slow"})
    await asyncio.sleep(60)
    return Answer({})


@router.post("/slow-query", summary="Writes, then asks the database for something long", response_model=Shape)
@rules(AUTHENTICATED, time_budget=0.3)
async def slow_query(caller: Caller, session: Session) -> Answer:
    await session.execute(_PET, {"id": uuid4(), "tenant": caller.tenant, "name": "Slow"})
    await session.execute(text("SELECT pg_sleep(2.5)"))
    return Answer({})


TRIAL = Manifest(
    name="trial",
    routers={"v2": router},
    public=frozenset({"GET /api/v2/trial/strict"}),
    limits=(Policy("trial.strict", quota=100_000, window=60, fail="closed"),),
)
