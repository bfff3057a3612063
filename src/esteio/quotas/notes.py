"""The way of a standing from the transaction that changed it into the answer's header."""

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.db.transaction import after_commit
from esteio.http.exchange import Exchange
from esteio.quotas.standing import HEADER, Standing, field
from esteio.telemetry.context import current

_NOTED = "quotas"
_FIELD = HEADER.lower().encode()


def note(session: AsyncSession, standing: Standing) -> Standing:
    """Have the answer to the running request tell this standing once the transaction has committed.

    The last word on a quota is what it tells. A rollback tells nothing, since nothing was taken, and neither does work
    outside a request.
    """
    noted: dict[str, Standing] | None = session.info.get(_NOTED)
    if noted is None:
        noted = session.info[_NOTED] = {}
        after_commit(session, lambda: _tell(session))
    noted[standing.name] = standing
    return standing


async def _tell(session: AsyncSession) -> None:
    context = current.get()
    if isinstance(context, Exchange):
        noted: dict[str, Standing] = session.info[_NOTED]
        context.added.append((_FIELD, field(noted.values()).encode()))
