"""`esteio petstory`: what somebody does with PetStory from the command line."""

import click

from esteio.services.petstory.commands.demo import demo


@click.group()
def petstory() -> None:
    """From a pet's photo to a paid, e-mailed book."""


petstory.add_command(demo)
