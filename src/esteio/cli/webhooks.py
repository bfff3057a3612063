import click


@click.group()
def webhooks() -> None:
    """Webhooks."""
