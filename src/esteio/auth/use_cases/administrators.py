"""The administrators of a tenant, of whom one is always left."""

from uuid import UUID

from sqlalchemy import any_, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.permissions import ADMIN
from esteio.auth.tables import Membership, User
from esteio.base.errors import Conflict


async def administrators(session: AsyncSession) -> frozenset[UUID]:
    """Those of the transaction's tenant who may come in, held until it ends.

    Ask before any other row of theirs is held, so that two who put one another out do not wait in a ring: the second
    sees what the first has left.
    """
    query = (
        select(Membership.user_id)
        .join(User, User.id == Membership.user_id)
        .where(literal(ADMIN) == any_(Membership.roles), Membership.disabled_at.is_(None), User.disabled_at.is_(None))
        .order_by(Membership.user_id)
    )
    return frozenset(await session.scalars(query.with_for_update(of=Membership)))


def demand_another(held: frozenset[UUID], user: UUID, sentence: str) -> None:
    """Raise `Conflict` with this sentence where the user is the only one."""
    if held == {user}:
        raise Conflict(sentence)
