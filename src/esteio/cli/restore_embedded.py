"""A data directory of `esteio up` that is made by a restore: its engine runs for as long as that takes."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from esteio.base.errors import StartRefused
from esteio.embedded.children import Children
from esteio.embedded.directory import open_directory
from esteio.embedded.engines import Engines
from esteio.embedded.refusals import Refused

SECRET = "ESTEIO_SECRET_KEY"  # noqa: S105 - a variable's name


@contextmanager
def embedded(path: Path) -> Iterator[None]:
    """For the time of the block the environment names the directory's PostgreSQL and files. Raises `StartRefused`."""
    secret = os.environ.get(SECRET, "").strip()
    if not secret:
        raise StartRefused(f"{SECRET} is not set: it is the master secret of the deployment that was backed up.")
    try:
        with open_directory(path) as directory:
            engines = Engines(directory, Children(directory.children), with_valkey=False)
            try:
                engines.start()
                os.environ |= {
                    "ESTEIO_DATABASE__URL": engines.database_url,
                    "ESTEIO_FILES__URL": (directory.path / "files").as_uri(),
                    "ESTEIO_REDIS__URL": os.environ.get("ESTEIO_REDIS__URL", "redis://127.0.0.1:6379/0"),
                }
                yield
                directory.keep_secret(secret)
                directory.bootstrapped.touch()
            finally:
                engines.stop()
    except Refused as refused:
        click.echo(f"esteio: {refused}", err=True)
        sys.exit(refused.code)
