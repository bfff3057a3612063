"""`esteio outages`: what an operator does with outages from the command line."""

import click

from esteio.services.outages.commands.importing import import_file
from esteio.services.outages.commands.samples import demo
from esteio.services.outages.commands.universe import universe


@click.group()
def outages() -> None:
    """Active interruptions: ANEEL's open data, the universe, samples."""


outages.add_command(import_file)
outages.add_command(universe)
outages.add_command(demo)
