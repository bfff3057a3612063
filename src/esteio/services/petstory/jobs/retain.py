"""The hourly look at what is kept: portion by portion, each in a transaction of its own."""

from esteio.jobs.run import Run
from esteio.services.petstory.jobs.acting import actor_of, section_of
from esteio.services.petstory.tasks import SweepOrder, Swept
from esteio.services.petstory.use_cases.keeping import PORTION, STEPS, Keeper, drop_strangers, take_portion

WITHIN = 20.0
"""Seconds for a portion."""


async def retain(run: Run, order: SweepOrder) -> Swept:
    """Let go what is due. Cut off, it goes on the next time where it was; several at once share the orders."""
    keeper = Keeper(actor_of(run), section_of(run))
    swept = Swept()
    for step in STEPS:
        found = PORTION
        while found == PORTION:
            async with run.transaction(budget=WITHIN) as session:
                found, files = await take_portion(session, step, keeper)
            swept.orders += found
            swept.files += files
            run.progress(swept.orders)
    found = PORTION
    while found == PORTION:
        async with run.transaction(budget=WITHIN) as session:
            found = await drop_strangers(session, keeper)
    return swept
