"""The hourly look at what is kept: portion by portion, each in a transaction of its own."""

from esteio.auth.audit import Audit
from esteio.jobs.run import Run
from esteio.services.petstory.orders import Actor
from esteio.services.petstory.tasks import RETAIN, SweepOrder, Swept
from esteio.services.petstory.use_cases.keeping import PORTION, STEPS, Keeper, take_portion

WITHIN = 20.0
"""Seconds for a portion."""


async def retain(run: Run, order: SweepOrder) -> Swept:
    """Let go what is due. Cut off, it goes on the next time where it was; several at once share the orders."""
    actor = Actor(f"job:{RETAIN.name}", run.tenant, run.clock, Audit(run.clock))
    keeper = Keeper(actor, run.settings.services["petstory"])
    swept = Swept()
    for step in STEPS:
        found = PORTION
        while found == PORTION:
            async with run.transaction(budget=WITHIN) as session:
                found, files = await take_portion(session, step, keeper)
            swept.orders += found
            swept.files += files
            run.progress(swept.orders)
    return swept
