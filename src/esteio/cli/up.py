"""`esteio up`: the whole house on one machine, nothing installed beforehand."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import click

from esteio.cli.parties import given, stand_ins
from esteio.embedded.address import Address
from esteio.embedded.commands import Commands
from esteio.embedded.house import House, Opened, Voice
from esteio.embedded.refusals import Refused

EPILOG = (
    "Exit codes: 0 stopped when asked to, 2 wrong command line, 65 data of a newer version, 69 address taken, "
    "70 an engine, a migration, the API, the worker or the scheduler failed, 73 disk full or not writable, "
    "75 the data directory is in use, 77 not permitted, 78 no PostgreSQL or Valkey found."
)
PUBLIC_URL = "ESTEIO_HTTP__PUBLIC_URL"
PUBLIC = frozenset({PUBLIC_URL, "API_BASE_URL"})
PACKAGE = Path(__file__).parents[1]
PAGES = {"Console": "console", "PetStory": "petstory", "Outages": "outages"}
LABELS = {"email": "E-mail", "password": "Password", "api_key": "API key"}


@click.command(epilog=EPILOG)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address the API listens on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port of the API.")
@click.option("--workers", type=click.IntRange(1, 64), help="API processes.  [default: what `esteio serve` decides]")
@click.option(
    "--data-dir",
    default=".esteio",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where PostgreSQL, the master secret and the logs live.",
)
@click.option("--demo", is_flag=True, help="Put samples in: the municípios of Roraima and a few outages.")
def up(host: str, port: int, workers: int | None, data_dir: Path, demo: bool) -> None:
    """Run PostgreSQL, Valkey, the API, a worker for each queue and the scheduler until Ctrl-C.

    An engine whose address is set (ESTEIO_DATABASE__URL, ESTEIO_REDIS__URL) is not started; that address is used. So
    it is with the parties outside, which are played here unless the operator's own are set, also in `.env`:
    FakeStoreAPI (ESTEIO_STORE__UPSTREAM_URL), Mercado Pago (ESTEIO_PETSTORY__MERCADOPAGO_ACCESS_TOKEN), a mail server
    (ESTEIO_MAIL__SERVER), an OpenID Connect issuer (ESTEIO_AUTH__ISSUERS).
    """
    voice = Voice(note=_note, credentials=_credentials, opened=_opened)
    address = Address(host, port)
    house = House(data_dir, address, _commands(host, port, workers, demo), surroundings_of(address), voice)
    try:
        house.live()
    except Refused as refused:
        _note(str(refused))
        sys.exit(refused.code)


def surroundings_of(address: Address) -> dict[str, str]:
    """Links, also those that workers make, lead to where the API is served, unless the operator said other."""
    known = not given().isdisjoint(PUBLIC)
    return {**os.environ} if known else {**os.environ, PUBLIC_URL: address.url}


def _commands(host: str, port: int, workers: int | None, demo: bool) -> Commands:
    esteio = _esteio()
    serve = (*esteio, "serve", "--host", host, "--port", str(port))
    return Commands(
        migrate=(*esteio, "migrate"),
        bootstrap=(*esteio, "bootstrap", "--json"),
        serve=serve if workers is None else (*serve, "--workers", str(workers)),
        worker=(*esteio, "worker"),
        scheduler=(*esteio, "scheduler"),
        stand_ins=stand_ins(_note),
        demo=(*esteio, "outages", "demo") if demo else None,
        revisions=revisions(),
    )


def _esteio() -> tuple[str, ...]:
    return (sys.executable, "-m", "esteio")


def revisions() -> str:
    """A digest of all revisions of this installation, found without importing a service."""
    found = hashlib.sha256()
    for file in revision_files():
        found.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()


def revision_files() -> list[Path]:
    """Where the revisions of the house and of the shipped services are, by their manners of naming folders."""
    return sorted((*PACKAGE.glob("migrations/versions/*.py"), *PACKAGE.glob("services/*/migrations/*.py")))


def _note(sentence: str) -> None:
    click.echo(f"esteio: {sentence}", err=True)


def _credentials(credentials: Mapping[str, str]) -> None:
    click.echo("\nThe first administrator, shown this once:")
    for name, value in credentials.items():
        click.echo(f"  {LABELS.get(name, name):<11} {value}")


def _opened(opened: Opened) -> None:
    lines = {
        "API": opened.address.url,
        **{label: f"{opened.address.url}/{page}" for label, page in _pages().items()},
        "Docs": f"{opened.address.url}/docs",
        "PostgreSQL": _without_password(opened.database_url),
        "Valkey": _without_password(opened.redis_url),
        **{name: f"{place.url} (stand-in)" for name, place in opened.stand_ins.items()},
        **({"Mails": str(opened.stand_ins["SMTP"].folder)} if "SMTP" in opened.stand_ins else {}),
        "Data": str(opened.data),
        "Logs": str(opened.logs),
    }
    click.echo()
    for label, value in lines.items():
        click.echo(f"  {label:<11} {value}")
    click.echo(f"\nEsteio is ready at {opened.address.url}")


def _pages() -> Mapping[str, str]:
    """What browsers can open here, unless the operator has decided about it; a package may have none built."""
    if "ESTEIO_HTTP__CONSOLE" in given():
        return {}
    return {label: page for label, page in PAGES.items() if (PACKAGE / "console" / "dist" / f"{page}.html").is_file()}


def _without_password(url: str) -> str:
    """The address of an engine of the operator's own, fit for a terminal that is recorded."""
    password = urlsplit(url).password
    return url.replace(f":{password}@", ":***@") if password else url
