"""`esteio petstory demo`: one order from the photo to the book in the mail, as a customer has it."""

import sys
from pathlib import Path
from typing import get_args

import click

from esteio.services.petstory.commands.steps import Stopped
from esteio.services.petstory.commands.till import APPROVED
from esteio.services.petstory.commands.walk import Walk, Wish
from esteio.services.petstory.schemas import STYLES, Language

URL = "http://127.0.0.1:8000"
EMAIL = "maria@example.org"
PATIENCE = 600.0


@click.command("demo", short_help="Walk one order from a photo to the book in the mail")
@click.option(
    "--photo",
    "photos",
    multiple=True,
    required=True,
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    help="A photo; give it several times for several",
)
@click.option(
    "--style",
    "styles",
    multiple=True,
    type=click.Choice(STYLES),
    default=("line",),
    show_default=True,
    help="A style in which each photo is drawn; may be given several times",
)
@click.option("--pet-name", default="Rex", show_default=True, help="Whose book it is")
@click.option("--email", default=EMAIL, show_default=True, help="Where the book is mailed to")
@click.option("--language", type=click.Choice(get_args(Language)), default="pt-BR", show_default=True)
@click.option("--url", default=URL, show_default=True, help="Where the house is")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".esteio"),
    show_default=True,
    help="Where the house of `esteio up` keeps its data, and tells where its mails are",
)
@click.option("--keep", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Where the PDF is to lie")
@click.option("--pay", default=APPROVED, show_default=True, help="The button that is pressed at a stand-in's checkout")
@click.option("--no-mail", is_flag=True, help="Do not look for the mail: the book is fetched by its link")
@click.option(
    "--wait",
    type=click.FloatRange(1, 86_400),
    default=PATIENCE,
    show_default=True,
    help="Seconds that each step is waited for",
)
def demo(
    photos: tuple[Path, ...],
    styles: tuple[str, ...],
    pet_name: str,
    email: str,
    language: str,
    url: str,
    data_dir: Path,
    keep: Path | None,
    pay: str,
    no_mail: bool,
    wait: float,
) -> None:
    """Walk one order through the public API of a running house, from the upload to the mail with the book.

    A checkout that is played on this machine is paid by pressing its button; at any other you are shown where to pay,
    and waited for. Ends with 1 where the order does not come through, 2 where it cannot begin, 3 where a step takes
    longer than --wait.
    """
    wish = Wish(
        photos=photos,
        members={
            "pet_name": pet_name,
            "email": email,
            "language": language,
            "styles": list(dict.fromkeys(styles)),
        },
        url=url,
        data_dir=None if no_mail else data_dir,
        keep=keep,
        button=pay,
        wait=wait,
    )
    try:
        Walk(wish).run()
    except Stopped as stop:
        click.echo(str(stop), err=True)
        sys.exit(stop.code)
