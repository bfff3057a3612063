"""Everything of this package that the API opens once a process."""

from esteio.resources import Resources
from esteio.traffic.kept import Kept
from esteio.traffic.sampling import Sampler
from esteio.traffic.tally import Tally
from esteio.traffic.writing import Writer

GOOD_FOR = 5.0
"""Seconds for which a report is shown before it is made anew."""


class Traffic:
    """`tally` is told of every request, `reports` keeps what was reported."""

    def __init__(self, resources: Resources) -> None:
        self.tally = Tally(resources.clock)
        self.reports = Kept(resources.clock, GOOD_FOR)
        self.standings = Kept(resources.clock, GOOD_FOR)
        self.sampler = Sampler(resources.database, resources.clock, "api", self.tally.losses)
        self.writer = Writer(resources.database, self.tally, self.sampler.writer)

    async def open(self) -> None:
        await self.writer.open()
        await self.sampler.open()

    async def close(self) -> None:
        """What is left is written, and then what was lost."""
        await self.writer.close()
        await self.sampler.close()
