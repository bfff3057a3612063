"""What the routes of outages share in an API process."""

from esteio.resources import Resources
from esteio.services.outages.board import Board
from esteio.services.outages.demands.contract import DEMAND_COUNTS, ONE_DEMAND
from esteio.services.outages.regulator.contract import INTERRUPTIONS, Contract
from esteio.services.outages.regulator.polls import PollRecorder
from esteio.services.outages.regulator.standby import Standby
from esteio.services.outages.settings import OutagesSettings
from esteio.telemetry.logs import log


class OutagesPart:
    """`board` has what everybody is shown.

    `polls` records the regulator's questions, `standby` has the last answer for while the database is away.

    `interruptions`, `demand_counts` and `demand` write the answers of one operation of the contract each; `contracts`
    has them by the name of their manner. `described` is the document of them, once somebody has asked for it.
    """

    described: bytes | None = None

    def __init__(self, settings: OutagesSettings, resources: Resources) -> None:
        self.interruptions = Contract(INTERRUPTIONS, settings)
        self.demand_counts = Contract(DEMAND_COUNTS, settings)
        self.demand = Contract(ONE_DEMAND, settings)
        self.contracts = {
            "radar": self.interruptions,
            "radar.demandas": self.demand_counts,
            "radar.demanda": self.demand,
        }
        self.board = Board(resources.database, resources.clock, settings.stale)
        self.polls = PollRecorder(resources.database, resources.clock)
        self.standby = Standby(resources.redis, resources.clock, settings.stale)

    async def open(self) -> None:
        await self.polls.open()

    async def close(self) -> None:
        await self.board.close()
        await self.standby.close()
        try:
            await self.polls.close()
        except Exception:
            log("esteio.outages").error("polls could not be recorded", exc_info=True)
