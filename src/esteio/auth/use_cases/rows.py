"""What every change of a row has in common: it is locked, in the version that was read, and counted."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.parts import Auth
from esteio.base.errors import Forbidden, Invalid, NotFound, PreconditionFailed
from esteio.base.principal import Principal
from esteio.db.tables import Versioned

LIMITS = "limits:write"

Row = TypeVar("Row", bound=Versioned)


async def locked(session: AsyncSession, query: Select[Row], expected: int | None, shown: Callable[[Row], Any]) -> Row:
    """The row, held until the transaction ends. Raises `NotFound`, and `PreconditionFailed` with the present row."""
    row = await session.scalar(query.with_for_update())
    if row is None:
        raise NotFound
    if expected is not None and row.version != expected:
        raise PreconditionFailed(data=shown(row))
    return row


def changed(row: Versioned, now: datetime) -> None:
    """Count the change that was just made to a locked row."""
    row.version += 1
    row.updated_at = now


def demand_known(auth: Auth, permissions: Iterable[str], field: str) -> None:
    """Refuse permissions that nobody declares (422)."""
    strange = sorted(name for name in permissions if not auth.permissions.knows(name))
    if strange:
        raise Invalid.at(field, f"There is no permission {', '.join(strange)}.", code="UNKNOWN_PERMISSION")


def demand_held(auth: Auth, caller: Principal, permissions: Iterable[str]) -> None:
    """Refuse to let anybody give, take over or take away what they do not hold themselves (403)."""
    missing = auth.permissions.missing(caller, permissions)
    if missing:
        raise Forbidden(f"This would need permissions that the caller lacks: {', '.join(missing)}.")


def demand_scopes(auth: Auth, caller: Principal, scopes: Iterable[str]) -> None:
    """Refuse scopes that nobody declares (422) or that the caller lacks (403)."""
    wanted = tuple(scopes)
    demand_known(auth, wanted, "scopes")
    demand_held(auth, caller, wanted)


def demand_plan(caller: Principal, plan: str | None) -> None:
    """A plan is a larger limit: only who may set limits may hand one out (403)."""
    if plan is not None and not caller.may(LIMITS):
        raise Forbidden(f"Handing out a plan needs the permission {LIMITS}.")


async def flush_with_plan(session: AsyncSession) -> None:
    """Write what has changed. Raises `Invalid` when the plan that was named does not exist."""
    try:
        await session.flush()
    except IntegrityError as error:
        if "_plan" in str(error.orig):
            raise Invalid.at("plan", "There is no such plan.", code="UNKNOWN_PLAN") from error
        raise
