"""`esteio outages universe`: the consumer units that each conjunto serves, from a file."""

from pathlib import Path

import click

from esteio.manifest import Desk
from esteio.resources import Resources
from esteio.services.outages.commands.tenants import in_tenant, operator, writing
from esteio.services.outages.universe import from_csv
from esteio.services.outages.use_cases.universe import load_universe


@click.command("universe", short_help="Load how many consumer units each conjunto serves")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@in_tenant
@click.pass_obj
def universe(desk: Desk, file: Path, tenant: str | None) -> None:
    """Make FILE the universe: a CSV with the columns conjunto;municipio;served. Pairs that it does not name go."""
    entries = from_csv(file.read_bytes())

    async def work(resources: Resources, _: object) -> int:
        caller = await operator(resources, tenant)
        async with writing(resources, caller) as session:
            return await load_universe(caller=caller, session=session, clock=resources.clock, entries=entries)

    differing = desk.run("outages", work)
    click.echo(f"The universe has {len(entries)} pairs; {differing} differ from before.")
