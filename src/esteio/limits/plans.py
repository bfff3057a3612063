"""Plans that keys and tenants are on, for administrators of the deployment."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.caller import Caller
from esteio.auth.listing import Listing, listed
from esteio.auth.routes.asked import CursorsOfHouse, Pages
from esteio.auth.tables import Plan, PlanQuota
from esteio.base.errors import Conflict, NotFound
from esteio.base.schema import Body, Text, View
from esteio.http.answers import Answer, NoContent
from esteio.http.envelope import Envelope
from esteio.http.rules import rules
from esteio.http.sessions import Session
from esteio.limits.acts import act
from esteio.limits.setting import Name, Rate

BASE = "/api/v2/plans"
router = APIRouter(prefix="/plans", tags=["limits"])
_LISTING = Listing("plans", BASE, Plan.name, lambda plan: plan.name, str, descending=False)


class PlanSetting(Body):
    rate: Rate
    description: Annotated[Text, Field(max_length=500)] = ""


class PlanView(View):
    name: str
    rate: str
    description: str
    quotas: dict[str, int | None] = Field(
        description="Amounts that differ from the declared ones, by quota; null is without bound",
        examples=[{"capsules.capsules": 1000}],
    )


@router.get("", summary="List the plans", response_model=Envelope[list[PlanView]])
@rules("limits:read")
async def list_plans(asked: Pages, caller: Caller, session: Session, cursors: CursorsOfHouse) -> Answer:
    """By name, each with its rate and with the quotas that it sets."""
    page = await listed(session, _LISTING, select(Plan), asked, cursors=cursors, tenant=caller.tenant)
    quotas = await _quotas(session, [plan.name for plan in page.rows])
    return page.answer(lambda plan: _shown(plan, quotas[plan.name]))


@router.put("/{name}", summary="Set a plan", response_model=Envelope[PlanView])
@rules("limits:write")
async def set_plan(request: Request, name: Name, data: PlanSetting, caller: Caller, session: Session) -> Answer:
    """A rate that keys and tenants can be put on; it takes the place of the limit `default` for them."""
    values = {"limit_text": data.rate, "description": data.description}
    statement = insert(Plan).values(name=name, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
    act(request, session, caller, "plan.set", name, data.model_dump())
    quotas = await _quotas(session, [name])
    return Answer(PlanView(name=name, rate=data.rate, description=data.description, quotas=quotas[name]))


@router.delete("/{name}", status_code=204, summary="Delete a plan", response_class=NoContent)
@rules("limits:write", errors=(409,))
async def delete_plan(request: Request, name: Name, caller: Caller, session: Session) -> Answer:
    """With its quotas. A plan that a tenant, a key or a client is on stays (409): put them on another first."""
    try:
        gone = await session.scalar(delete(Plan).where(Plan.name == name).returning(Plan.name))
    except IntegrityError as error:
        raise Conflict(f"Tenants, keys or clients are on the plan {name}: put them on another first.") from error
    if gone is None:
        raise NotFound("There is no plan of this name.")
    act(request, session, caller, "plan.deleted", name, {})
    return NoContent()


async def _quotas(session: AsyncSession, plans: Iterable[str]) -> defaultdict[str, dict[str, int | None]]:
    query = select(PlanQuota).where(PlanQuota.plan.in_([*plans])).order_by(PlanQuota.quota)
    found: defaultdict[str, dict[str, int | None]] = defaultdict(dict)
    for row in await session.scalars(query):
        found[row.plan][row.quota] = row.amount
    return found


def _shown(plan: Plan, quotas: dict[str, int | None]) -> PlanView:
    return PlanView(name=plan.name, rate=plan.limit_text, description=plan.description, quotas=quotas)
