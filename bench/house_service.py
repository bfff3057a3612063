"""Esteio with the bench's own service beside the shipped ones: `python -m bench.house_service --port 8000`.

The service serves the sample from memory, behind a permission and two limits, once freshly made for every request and
once from the response cache. It is served as `esteio serve` does it; the access log is made and written, to /dev/null.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from bench import sample
from esteio.app import create_app
from esteio.base.principal import Principal
from esteio.catalog import SHIPPED
from esteio.cli.server import serve_on
from esteio.events.events import EventType
from esteio.http.answers import Answer, Link
from esteio.http.envelope import Envelope
from esteio.http.etags import list_etag
from esteio.http.rules import Cached, rules
from esteio.limits.policy import Policy
from esteio.manifest import Manifest
from esteio.realtime.channels import Channel
from esteio.resources import Resources
from esteio.runtime.opening import sections
from esteio.settings import read_settings
from esteio.telemetry.logs import configure
from esteio.telemetry.metrics import prepare_directory

PERMISSION = "bench:read"
LIMITS = ("bench.minute", "bench.hour")
FRESH = Cached(seconds=60, tags=("bench",), per="tenant")
PAGE, LARGE_PAGE = sample.pets(20), sample.pets(200)

router = APIRouter(prefix="/bench", tags=["bench"])


@router.get("/pets", response_model=Envelope[list[Any]])
@rules(PERMISSION, limits=LIMITS)
async def pets() -> Answer:
    return page(PAGE)


@router.get("/pets-200", response_model=Envelope[list[Any]])
@rules(PERMISSION, limits=LIMITS)
async def large_page() -> Answer:
    return page(LARGE_PAGE)


@router.get("/cached", response_model=Envelope[list[Any]])
@rules(PERMISSION, limits=LIMITS, cached=FRESH)
async def cached_pets() -> Answer:
    return page(PAGE)


@router.get("/cached-200", response_model=Envelope[list[Any]])
@rules(PERMISSION, limits=LIMITS, cached=FRESH)
async def cached_large_page() -> Answer:
    return page(LARGE_PAGE)


@router.get("/limited", response_model=Envelope[list[Any]])
@rules(PERMISSION, limits=("bench.once",))
async def limited() -> Answer:
    return page(PAGE)


def page(rows: list[dict[str, Any]]) -> Answer:
    tag = list_etag((row["id"], row["version"]) for row in rows)
    return Answer(rows, etag=tag, links=[Link("/api/v2/bench/pets", "self")])


class Happened(BaseModel):
    """A fact about a pet, for those who listen."""

    pet: dict[str, Any]


HAPPENED = EventType("bench.happened", Happened, "Something to be told to many.")


async def may_listen(principal: Principal, resources: Resources, subject: str) -> bool:
    return principal.may(PERMISSION)


MANIFEST = Manifest(
    name="bench",
    title="Bench",
    routers={"v2": router},
    permissions={PERMISSION: "be measured"},
    limits=(
        Policy("bench.minute", quota=6_000_000, window=60),
        Policy("bench.hour", quota=300_000_000, window=3600),
        Policy("bench.once", quota=1, window=86_400),
    ),
    events=(HAPPENED,),
    channels=(Channel(name="bench", events=("bench.",), may=may_listen),),
)
SERVICES = (*SHIPPED, MANIFEST)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int)
    parser.add_argument("--fd", type=int)
    parser.add_argument("--processes", type=int, default=1)
    asked = parser.parse_args()
    if asked.fd is not None:
        answer(socket.socket(fileno=asked.fd))
        return
    prepare_directory()
    listening = socket.create_server(("127.0.0.1", asked.port), backlog=2048)
    children = [follow(listening) for _ in range(asked.processes - 1)]
    try:
        answer(listening)
    finally:
        for child in children:
            child.wait()


def follow(listening: socket.socket) -> "subprocess.Popen[bytes]":
    """One more process on the same socket; it ends with this one's SIGTERM."""
    number = listening.fileno()
    child = subprocess.Popen([sys.executable, "-m", "bench.house_service", "--fd", str(number)], pass_fds=[number])
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    return child


def answer(listening: socket.socket) -> None:
    prepare_directory()
    settings = read_settings(sections(SERVICES))
    configure(settings.telemetry)
    sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - for the access log, to the end
    serve_on([listening], create_app(settings, SERVICES))


if __name__ == "__main__":
    main()
