"""What the reads of one request demand of a replica."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from esteio.db.replicas.replica import Replica

Floor = Callable[[], Awaitable[int | None]]


@dataclass(slots=True)
class Allowance:
    """Lets the reads of a request go to a replica that has everything acknowledged before `since` (monotonic).

    `floor` gives the place in the log that it must have replayed as well, or `None` where only the primary will do. It
    is awaited once, and only if some replica is new enough. All reads of a request go to the same one; once one could
    not answer, they go to the primary.
    """

    since: float
    floor: Floor
    chosen: bool = False
    replica: Replica | None = None
