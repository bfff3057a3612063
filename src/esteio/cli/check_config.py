"""`esteio check-config`: are the settings fit to be run with?"""

import click

from esteio.catalog import SHIPPED
from esteio.runtime.opening import sections
from esteio.settings import Settings, read_settings
from esteio.settings.example import example


@click.command()
@click.option("--example", "as_example", is_flag=True, help="Print every setting with its default, as .env.example")
def check_config(as_example: bool) -> None:
    """Read every setting. Exit 2 names each one that is not acceptable; advice goes with exit 0."""
    if as_example:
        click.echo(example(sections(SHIPPED)), nl=False)
        return
    settings = read_settings(sections(SHIPPED))
    for sentence in _advice(settings):
        click.echo(f"advice: {sentence}")
    click.echo("The configuration can be used.")


def _advice(settings: Settings) -> list[str]:
    if settings.environment != "production":
        return []
    http = settings.http
    found = []
    if "*" in http.trusted_hosts:
        found.append("ESTEIO_HTTP__TRUSTED_HOSTS accepts every host; name those that are served.")
    if http.public_url.startswith("http://"):
        found.append("ESTEIO_HTTP__PUBLIC_URL is not https.")
    if settings.debug:
        found.append("ESTEIO_DEBUG is on.")
    if not settings.limits.enabled:
        found.append("ESTEIO_LIMITS__ENABLED is off: nobody's calls are limited.")
    return found
