"""`esteio standin`: a party outside, played on this machine."""

from __future__ import annotations

import asyncio
import os
import signal

import click

from esteio.base.errors import StartRefused
from esteio.cli.lifeline import end_with
from esteio.standins.control import Control
from esteio.standins.fakestore import FakeStore
from esteio.standins.faults import WORDS
from esteio.standins.stand_in import LOOPBACK, Site, StandIn

Port = click.IntRange(0, 65535)


@click.group()
def standin() -> None:
    """Play a party outside on this machine: a real server with data of our own, whose faults are switched by request.

    `PUT /_standin` on the control port, with {"fault": …, "path": …, "seconds": …}, switches one on while it runs.
    """


def _epilog(own: dict[str, str]) -> str:
    lines = [f"  {name:<12} {words}" for name, words in {**WORDS, **own}.items()]
    return "\n".join(["\b", "Faults:", *lines])


@standin.command(epilog=_epilog(dict(FakeStore.faults)))
@click.option("--port", required=True, type=Port, help="Port to listen on; 0 takes a free one.")
@click.option("--host", default=LOOPBACK, show_default=True, help="Address to listen on.")
@click.option("--control-port", default=0, type=Port, help="Port of the control, on 127.0.0.1.  [default: a free one]")
@click.option("--fault", default="none", show_default=True, metavar="NAME", help="What goes wrong from the start.")
def fakestore(port: int, host: str, control_port: int, fault: str) -> None:
    """Play FakeStoreAPI: products, carts, users, auth/login.

    The line it prints once it listens says where it is, and where its control.
    """
    _play("FakeStore", FakeStore(), host, port, control_port, fault)


def _play(name: str, site: Site, host: str, port: int, control_port: int, fault: str) -> None:
    party = StandIn(site, host, port)
    if fault not in party.faults.words:
        raise click.BadParameter(f"there is {', '.join(party.faults.words)}", param_hint="--fault")
    party.faults.switch(fault)
    try:
        asyncio.run(_until_told(name, party, Control(party, control_port)))
    except OSError as error:
        raise StartRefused(f"{error.strerror or error}.") from error


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
