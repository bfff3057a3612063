"""`esteio outages demo`: something to look at, of which nothing is true."""

import sys
from datetime import datetime, timedelta

import click

from esteio.manifest import Desk
from esteio.resources import Resources
from esteio.services.outages.commands.tenants import in_tenant, operator, writing
from esteio.services.outages.schemas import Area, Report
from esteio.services.outages.use_cases.reporting import report
from esteio.services.outages.use_cases.universe import load_roraima
from esteio.settings import read_settings

REFUSED = 2

_HOURS = (
    # planned, hours since the start, hours since the end, areas
    (False, 0.4, None, (Area(12727, 1400100, 342),)),
    (False, 0.7, None, (Area(17359, 1400100, 87),)),
    (True, 1.5, None, (Area(12729, 1400100, 615),)),
    (False, 2.2, None, (Area(17365, 1400159, 128), Area(17365, 1400407, 54))),
    (False, 4.5, None, (Area(17357, 1400456, 410), Area(17357, 1400704, 96))),
    (True, 5.0, -1.0, (Area(17358, 1400308, 230),)),
    (False, 9.0, None, (Area(17356, 1400472, 512),)),
    (False, 16.0, None, (Area(17354, 1400233, 75), Area(17354, 1400506, 61), Area(17354, 1400605, 40))),
    (False, 31.0, None, (Area(17364, 1400209, 33),)),
    (False, 52.0, None, (Area(17355, 1400100, 4, ("100234", "100235", "100236", "100240")),)),
    (True, 8.0, 4.0, (Area(12731, 1400100, 980),)),
    (False, 26.0, 23.5, (Area(17356, 1400209, 145),)),
)


@click.command("demo", short_help="Put samples in: Roraima's universe and a few outages")
@in_tenant
@click.option("--force", is_flag=True, help="Also where the environment is production")
@click.pass_obj
def demo(desk: Desk, tenant: str | None, force: bool) -> None:
    """Put samples in: the pairs of Roraima with invented numbers, and a few outages around the present.

    Doing it again moves the same outages to the present; it adds none.
    """
    if read_settings().environment == "production" and not force:
        click.echo("Samples are not put in where the environment is production, unless --force is given.", err=True)
        sys.exit(REFUSED)

    async def work(resources: Resources, _: object) -> int:
        caller, clock = await operator(resources, tenant), resources.clock
        async with writing(resources, caller) as session:
            pairs = await load_roraima(caller=caller, session=session, clock=clock)
        reports = samples(clock.now())
        async with writing(resources, caller) as session:
            await report(caller=caller, session=session, clock=clock, source="api", reports=reports)
        return pairs

    pairs = desk.run("outages", work)
    click.echo(f"{pairs} pairs of the universe and {len(_HOURS)} sample outages, all of them invented.")


def samples(now: datetime) -> list[Report]:
    """Outages that are open or have ended lately, as seen at the full minute."""
    minute = now.replace(second=0, microsecond=0)
    return [
        Report(
            external_id=f"demo-{number:02d}",
            planned=planned,
            started_at=minute - timedelta(hours=start),
            ended_at=None if end is None else minute - timedelta(hours=end),
            areas=areas,
        )
        for number, (planned, start, end, areas) in enumerate(_HOURS, 1)
    ]
