"""Limits for administrators of the deployment: read, set and reset without a restart."""

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from esteio.auth.caller import Caller
from esteio.auth.tables.limits import LimitOverride
from esteio.base.errors import Conflict, NotFound
from esteio.base.schema import Body, Flag, View
from esteio.http.answers import Answer, NoContent
from esteio.http.envelope import Envelope
from esteio.http.house import house_of
from esteio.http.rules import rules
from esteio.http.sessions import Session
from esteio.limits import plans, usage_routes
from esteio.limits.acts import act
from esteio.limits.overrides import PLAN, Overrides
from esteio.limits.policy import Policy, rate
from esteio.limits.setting import Name, Rate

router = APIRouter(tags=["limits"])
router.include_router(plans.router)
router.include_router(usage_routes.router)
PERMISSIONS = {"limits:read": "See the limits in force", "limits:write": "Change limits and plans without a restart"}


class LimitSetting(Body):
    """What takes the place of the declared limit. A limit that is not enabled counts, but refuses nobody."""

    rate: Rate
    enabled: Flag = True


class LimitView(View):
    name: str
    quota: int
    window: float = Field(description="Seconds")
    per: str
    fail: str
    mode: str
    declared: bool = Field(description="Whether this is what the service declares")


@router.get("/limits", summary="List the limits in force", response_model=Envelope[list[LimitView]])
@rules("limits:read")
async def list_limits(request: Request) -> Answer:
    """Declared limits and plans, as they are in force in the process that answers."""
    overrides, policies = _overrides(request), house_of(request).parts["limiter"].policies
    return Answer([_shown(policies[name], overrides.declared) for name in sorted(policies)], cache_control="no-store")


@router.put("/limits/{name}", summary="Set a limit", response_model=Envelope[LimitView])
@rules("limits:write", errors=(409,))
async def set_limit(request: Request, name: Name, data: LimitSetting, caller: Caller, session: Session) -> Answer:
    """In force in every process within seconds."""
    policy = _declared(request, name)
    quota, window = rate(data.rate)
    if policy.cost > quota:
        raise Conflict(f"A request under {name} costs {policy.cost}: the quota cannot be smaller.")
    values = {"quota": quota, "window": float(window), "enabled": data.enabled, "updated_by": caller.id}
    statement = insert(LimitOverride).values(name=name, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
    act(request, session, caller, "limit.set", name, data.model_dump())
    return Answer(
        LimitView(
            name=name,
            quota=quota,
            window=window,
            per=policy.per,
            fail=policy.fail,
            mode=policy.mode if data.enabled else "shadow",
            declared=False,
        )
    )


@router.delete("/limits/{name}", status_code=204, summary="Reset a limit", response_class=NoContent)
@rules("limits:write")
async def reset_limit(request: Request, name: Name, caller: Caller, session: Session) -> Answer:
    """Back to what the service declares."""
    _declared(request, name)
    await session.execute(delete(LimitOverride).where(LimitOverride.name == name))
    act(request, session, caller, "limit.reset", name, {})
    return NoContent()


def _declared(request: Request, name: str) -> Policy:
    policy = _overrides(request).declared.get(name)
    if policy is None or name.startswith(PLAN):
        raise NotFound("There is no declared limit of this name.")
    return policy


def _overrides(request: Request) -> Overrides:
    overrides: Overrides = house_of(request).parts["overrides"]
    return overrides


def _shown(policy: Policy, declared: dict[str, Policy]) -> LimitView:
    return LimitView(
        name=policy.name,
        quota=policy.quota,
        window=policy.window,
        per=policy.per,
        fail=policy.fail,
        mode=policy.mode,
        declared=declared.get(policy.name) == policy,
    )
