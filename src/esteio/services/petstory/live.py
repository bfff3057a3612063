"""The steps of one order as they happen, for who has its link: its channel, and nothing else."""

from collections.abc import Sequence

import orjson

from esteio.base.principal import DEFAULT_TENANT, Principal
from esteio.db.database import Database
from esteio.realtime.listener import RESTART, UNAUTHENTICATED
from esteio.realtime.messages import Message, Position
from esteio.realtime.parts import Realtime
from esteio.realtime.streams import Stream
from esteio.services.petstory import queries
from esteio.services.petstory.events import LINKS_REVOKED
from esteio.services.petstory.links import Link


class OrderStream(Stream):
    """Whoever opens it has shown the link, and is looked at once more when its channel has begun.

    A link is made void by a fact of the same channel, so nothing that came true later is told by it. Where facts were
    missed, that one may be among them: then the stream ends, and who comes back is looked at again.
    """

    def __init__(self, realtime: Realtime, database: Database, address: str, link: Link) -> None:
        who = Principal(id="anonymous", tenant=DEFAULT_TENANT, proof="none")
        super().__init__(realtime, who, address, [f"orders.{link.order}"])
        self._database = database
        self._link = link
        self._entered = False

    async def admit(self) -> None:
        """Raises `NotFound` for a link that leads nowhere, or not any more."""
        await queries.order_of(self._database, self._link)

    async def join(self, since: Sequence[Position | None]) -> None:
        await super().join(since)
        await self.admit()
        self._entered = True

    def tell(self, message: Message) -> None:
        if self._ends(message):
            self.end(UNAUTHENTICATED, "the link of this order is void")
            return
        super().tell(message)

    def replay(self, message: Message) -> None:
        if self._ends(message):
            self.end(UNAUTHENTICATED, "the link of this order is void")
            return
        super().replay(message)

    def missed(self, channel: str, position: Position) -> None:
        """Who has been here for long comes back to be told: nothing that waits is lost by that."""
        if self._entered:
            self.end(RESTART, "reconnect: facts were missed")
            return
        super().missed(channel, position)

    def _ends(self, message: Message) -> bool:
        if message.kind != "event" or LINKS_REVOKED.name.encode() not in message.text:
            return False
        told = orjson.loads(message.text)
        return bool(told["event"] == LINKS_REVOKED.name and told["data"]["link"] > self._link.number)
