"""The statements of taking and giving back, each one round trip; their values are named as `taking` gives them."""

from sqlalchemy import (
    BigInteger,
    Date,
    Delete,
    Integer,
    Select,
    String,
    Update,
    Uuid,
    and_,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import Insert, insert

from esteio.auth.tables import QuotaUse
from esteio.quotas import bounds
from esteio.quotas.quota import LARGEST

_TENANT = bindparam("of_tenant", type_=Uuid())
_QUOTA = bindparam("of_quota", type_=String())
_PERIOD = bindparam("in_period", type_=Date())
_DECLARED = bindparam("declared_amount", type_=BigInteger())
_AMOUNT = bindparam("so_much", type_=BigInteger())
_KEPT_DAYS = bindparam("kept_days", type_=Integer())

_KEY = ["tenant_id", "quota", "period"]
_MINE = and_(QuotaUse.tenant_id == _TENANT, QuotaUse.quota == _QUOTA)
_ROW = and_(_MINE, QuotaUse.period == _PERIOD)
_USED = select(QuotaUse.used).where(_ROW)
_MOST = literal_column(str(LARGEST), BigInteger())


def _bound() -> Select[int | None]:
    asked = select(_TENANT.label("tenant"), _QUOTA.label("quota"), _DECLARED.label("declared")).subquery("asked")
    return select(bounds.amount(asked).label("amount")).select_from(bounds.joined(asked))


def _take() -> Select[int | None, int | None]:
    bound = _bound().cte("bound")
    fits = (
        select(_TENANT, _QUOTA, _PERIOD, _AMOUNT)
        .select_from(bound)
        .where(func.coalesce(bound.c.amount, _MOST) >= _AMOUNT)
    )
    making = insert(QuotaUse).from_select([*_KEY, "used"], fits)
    # Compared is the newest row, whoever changes it: the update waits for their commit before it looks.
    more = QuotaUse.used + making.excluded.used
    allowed = func.coalesce(select(bound.c.amount).scalar_subquery(), _MOST)
    taken = (
        making.on_conflict_do_update(index_elements=_KEY, set_={"used": more}, where=more <= allowed)
        .returning(QuotaUse.used)
        .cte("taken")
    )
    return select(bound.c.amount, taken.c.used).select_from(bound.outerjoin(taken, true()))


def _look() -> Select[int | None, int]:
    bound = _bound().subquery("bound")
    return select(bound.c.amount, func.coalesce(_USED.scalar_subquery(), 0).label("used"))


def _write(*, anew: bool) -> Insert:
    making = insert(QuotaUse).values(tenant_id=_TENANT, quota=_QUOTA, period=_PERIOD, used=_AMOUNT)
    used = making.excluded.used if anew else QuotaUse.used
    return making.on_conflict_do_update(index_elements=_KEY, set_={"used": used})


def _give_back() -> Update:
    return update(QuotaUse).where(_ROW).values(used=func.greatest(0, QuotaUse.used - _AMOUNT))


def _forget() -> Delete:
    return delete(QuotaUse).where(_MINE, QuotaUse.period < _PERIOD - _KEPT_DAYS)


TAKE = _take()
"""The amount in force, and what is used afterwards: NULL where so much more is not allowed."""

USED = _USED
LOOK = _look()
GIVE_BACK = _give_back()
HOLD = _write(anew=False)
SET = _write(anew=True)
FORGET = _forget()
"""Drops the periods that lie more than `kept_days` back."""
