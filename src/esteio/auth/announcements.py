"""Telling every process that something which credentials rest on has changed."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from esteio.auth.credentials import TOPIC, Credentials
from esteio.base.errors import Unavailable
from esteio.db.transaction import after_commit
from esteio.redis.bulletin import Bulletin
from esteio.telemetry.logs import log


class Announcements:
    """Sent after the commit; heard here at once, elsewhere by the bulletin, and by its bounded memory where not."""

    def __init__(self, credentials: Credentials, bulletin: Bulletin | None) -> None:
        self._credentials = credentials
        self._bulletin = bulletin

    def listen(self) -> None:
        """Drop what news is about, and everything when some may have been missed."""
        if self._bulletin is not None:
            self._bulletin.on(TOPIC, self._credentials.forget)
            self._bulletin.on_gap(self._credentials.forget_all)

    def changed(self, session: AsyncSession, kind: str, subject: UUID) -> None:
        """Announce after the commit that a `key`, `session`, `user` or `tenant` is no longer what it was."""
        name = f"{kind}:{subject}"
        after_commit(session, lambda: self._tell(name))

    async def _tell(self, name: str) -> None:
        self._credentials.forget(name)
        if self._bulletin is None:
            return
        try:
            await self._bulletin.publish(TOPIC, name.encode())
        except Unavailable as error:
            # The others find out when their entry's time is over.
            log("esteio.auth").warning("change not announced", subject=name, cause=error.operator)
