"""`esteio openapi`: the documents that clients are generated from."""

import click
import orjson

from esteio.app import create_app


@click.command()
@click.option("--version", "version", required=True, type=click.Choice(["v1", "v2"]), help="Version of the API")
def openapi(version: str) -> None:
    """Print the OpenAPI 3.1 document of a version as JSON."""
    click.echo(orjson.dumps(create_app().document(version), option=orjson.OPT_INDENT_2).decode())
