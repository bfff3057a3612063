"""`esteio standin`: a party outside, played on this machine."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import click

from esteio.base.errors import StartRefused
from esteio.cli.lifeline import end_with
from esteio.standins.control import Control
from esteio.standins.fakestore import FakeStore
from esteio.standins.faults import WORDS
from esteio.standins.gemini import Gemini
from esteio.standins.mercadopago import SECRET, TOKEN, MercadoPago
from esteio.standins.oidc import Oidc
from esteio.standins.oidc import Terms as IssuerTerms
from esteio.standins.oidc.keys import ALGORITHMS
from esteio.standins.oidc.shapes import SHAPES
from esteio.standins.oidc.terms import CLIENT, ORIGIN, REALM
from esteio.standins.smtp import Box, MailServer, Smtp, Terms
from esteio.standins.smtp.terms import COMMON, LARGEST
from esteio.standins.stand_in import LOOPBACK, StandIn

Port = click.IntRange(0, 65535)
Command = Callable[..., None]


@click.group()
def standin() -> None:
    """Play a party outside on this machine: a real server with data of our own, whose faults are switched by request.

    `PUT /_standin` on the control port, with {"fault": …, "path": …, "seconds": …}, switches one on while it runs.
    """


def _epilog(own: Mapping[str, str], common: Mapping[str, str] = WORDS) -> str:
    faults = {**common, **own}
    width = max(map(len, faults))
    return "\n".join(["\b", "Faults:", *(f"  {name:<{width}} {words}" for name, words in faults.items())])


def _placed(command: Command) -> Command:
    """With the options that every party has."""
    for option in (
        click.option("--fault", default="none", show_default=True, metavar="NAME", help="What goes wrong at first."),
        click.option(
            "--control-port", default=0, type=Port, help="Port of the control, on 127.0.0.1.  [default: a free one]"
        ),
        click.option("--host", default=LOOPBACK, show_default=True, help="Address to listen on."),
        click.option("--port", required=True, type=Port, help="Port to listen on; 0 takes a free one."),
    ):
        command = option(command)
    return command


@standin.command(epilog=_epilog(FakeStore.faults))
@_placed
def fakestore(host: str, port: int, **rest: Any) -> None:
    """Play FakeStoreAPI: products, carts, users, auth/login.

    The line it prints once it listens says where it is, and where its control.
    """
    _play("FakeStore", StandIn(FakeStore(), host, port), **rest)


@standin.command(epilog=_epilog(MercadoPago.faults))
@_placed
@click.option(
    "--access-token",
    envvar="ESTEIO_PETSTORY__MERCADOPAGO_ACCESS_TOKEN",
    default=TOKEN,
    show_default=True,
    show_envvar=True,
    help="What callers must have.",
)
@click.option(
    "--secret",
    envvar="ESTEIO_PETSTORY__MERCADOPAGO_WEBHOOK_SECRET",
    default=SECRET,
    show_default=True,
    show_envvar=True,
    help="What signs notifications.",
)
@click.option("--live", is_flag=True, help="Payments say that they are real.")
def mercadopago(host: str, port: int, access_token: str, secret: str, live: bool, **rest: Any) -> None:
    """Play Mercado Pago: preferences, a checkout page, payments, refunds, signed notifications.

    Its state is in memory and ends with it. Keep real secrets out of the command line: it is seen by all of this
    machine's users, the environment is not.
    """
    _play("MercadoPago", StandIn(MercadoPago(access_token, secret, live), host, port), **rest)


@standin.command(epilog=_epilog(Gemini.faults))
@_placed
@click.option("--api-key", help="The only key that is taken.  [default: any]")
@click.option("--model", multiple=True, help="A model that there is; may be repeated.  [default: all but old ones]")
def gemini(host: str, port: int, api_key: str | None, model: tuple[str, ...], **rest: Any) -> None:
    """Play the Gemini API: generateContent for pictures and for texts.

    `PUT /_standin/next` on the control port, with names of faults, says what the next answers come to.
    """
    if find_spec("PIL") is None:
        raise StartRefused("Pillow, by which it draws, is missing: pip install 'esteio[petstory]'.")
    _play("Gemini", StandIn(Gemini(api_key, frozenset(model) or None), host, port), **rest)


@standin.command(epilog=_epilog(Oidc.faults))
@_placed
@click.option(
    "--shape", type=click.Choice([*SHAPES]), default="generic", show_default=True, help="As whose tokens look."
)
@click.option(
    "--algorithm",
    "algorithms",
    multiple=True,
    type=click.Choice([*ALGORITHMS]),
    help="With what it signs; may be repeated, for a key each.  [default: RS256]",
)
@click.option("--audience", help="`aud` of its tokens.  [default: esteio; keycloak: account; clerk: none]")
@click.option(
    "--client", default=CLIENT, show_default=True, help="`azp` of tokens that are minted; clerk has the origin."
)
@click.option("--origin", default=ORIGIN, show_default=True, help="The page that tokens of clerk are for.")
@click.option("--version", type=click.IntRange(1, 2), default=2, show_default=True, help="That of clerk's tokens.")
@click.option("--realm", default=REALM, show_default=True, help="That of keycloak.")
def oidc(
    host: str,
    port: int,
    shape: str,
    algorithms: tuple[str, ...],
    audience: str | None,
    client: str,
    origin: str,
    version: int,
    realm: str,
    **rest: Any,
) -> None:
    """Play an OpenID Connect issuer: sign-in by code with PKCE, published keys, tokens of whatever claims.

    `POST /_standin/tokens` on the control port mints one: {"person": "maria"}, {"flaw": "none"}, {"claims": {…}}.
    """
    terms = IssuerTerms(shape, algorithms or ("RS256",), audience, client, origin, version, realm)
    _play("OIDC", StandIn(Oidc(terms), host, port), **rest)


@standin.command(epilog=_epilog(Smtp.faults, COMMON))
@_placed
@click.option("--tls", type=click.Choice(["none", "starttls", "tls"]), default="starttls", show_default=True)
@click.option("--user", envvar="ESTEIO_MAIL__USER", default="", show_envvar=True, help="Who may send.  [default: all]")
@click.option("--password", envvar="ESTEIO_MAIL__PASSWORD", default="", show_envvar=True, help="That user's password.")
@click.option("--largest", default=LARGEST, show_default=True, type=click.IntRange(1024), help="Bytes of a mail.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where mails are kept.  [default: one that goes when it ends]",
)
def smtp(
    host: str,
    port: int,
    tls: Literal["none", "starttls", "tls"],
    user: str,
    password: str,
    largest: int,
    folder: Path | None,
    **rest: Any,
) -> None:
    """Play a mail server that delivers nothing and keeps every mail.

    `GET /_standin/mails` on the control port lists them, `GET /_standin/certificate` is what to trust.
    """
    with ExitStack() as stack:
        kept = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="esteio-standin-"))) / "mails"
        site = Smtp(Box(kept), Terms(tls, user, password, largest))
        _play("SMTP", MailServer(site, host, port), **rest)


def _play(name: str, party: StandIn, control_port: int, fault: str) -> None:
    if fault not in party.faults.words:
        raise click.BadParameter(f"there is {', '.join(party.faults.words)}", param_hint="--fault")
    party.faults.switch(fault)
    try:
        asyncio.run(_until_told(name, party, Control(party, control_port)))
    except OSError as error:
        raise StartRefused(f"{error.strerror or error}.") from error
    except ImportError as error:
        raise StartRefused(f"{error}: pip install 'esteio[embedded]'.") from error


async def _until_told(name: str, party: StandIn, control: Control) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    if lifeline := os.environ.get("ESTEIO_LIFELINE_FD"):
        end_with(int(lifeline))
    await control.open()
    click.echo(f"{name} stand-in is ready at {party.door.url}, its control at {control.url}")
    try:
        await ended.wait()
    finally:
        await control.close()
