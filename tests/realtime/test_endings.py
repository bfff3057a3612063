"""How connections end when it is not their fault: long lives, processes that end."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from esteio.embedded.engines import Engines
from tests.cli.command import Server, serving
from tests.house import ADMIN_KEY, NO_TLS, environment, unused_port
from tests.realtime.client import socket, stream
from tests.realtime.conftest import ROOM, Telling
from tests.worker.processes import scheduler


@contextmanager
def deployment(given: dict[str, str]) -> Iterator[tuple[Server, Server]]:
    """Two API processes and a scheduler."""
    with (
        scheduler(given, services=None),
        serving(unused_port(), environment=given) as one,
        serving(unused_port(), environment=given) as other,
    ):
        yield one, other


@pytest.fixture
def given(engines: Engines, new_database: Callable[[], str], new_redis: Callable[[], str]) -> dict[str, str]:
    return environment(new_database(), new_redis(), **ROOM)


def pets(url: str, first: int, last: int) -> None:
    """Facts numbered by the ages of their pets."""
    with httpx.Client(base_url=url, headers={"X-API-Key": ADMIN_KEY}, timeout=30, verify=NO_TLS) as client:
        for number in range(first, last + 1):
            body = {"name": f"{number}", "species": "dog"}
            client.post("/api/v2/pets", json=body).raise_for_status()


def test_an_ending_process_sends_its_listeners_elsewhere(given: dict[str, str]) -> None:
    """On SIGTERM sockets are closed with 1012 and streams told to reconnect; at another process they miss nothing."""
    with deployment(given) as (one, other):
        with socket(one.url) as listener, stream(one.url, "pets") as events:
            listener.subscribe("pets")
            events.events(1, "subscribed")
            pets(one.url, 1, 5)
            last = listener.events(5)[-1]["position"]
            id_ = events.events(5)[-1].id
            one.signal(signal.SIGTERM)
            code, reason = listener.closed()
            assert (code, reason.partition(":")[0]) == (1012, "reconnect")
            (farewell,) = events.events(1, "reconnect")
            assert 100 <= int(farewell.retry) <= 1_000
            assert events.event() is None
        assert one.ended() == 0
        pets(other.url, 6, 9)
        with socket(other.url) as listener, stream(other.url, "pets", headers={"Last-Event-ID": id_}) as events:
            listener.subscribe("pets", last)
            names = [message["data"]["pet"]["name"] for message in listener.events(4)]
            events.events(1, "subscribed")
            assert names == [event.data["data"]["pet"]["name"] for event in events.events(4)] == ["6", "7", "8", "9"]


def test_a_life_has_its_length(telling: Telling) -> None:
    """After its time a connection is told to reconnect; who does so goes on where it was."""
    with telling(REALTIME__LIFETIME_SECONDS="1") as served:
        with socket(served.url) as one, stream(served.url, "pets") as events:
            position = one.subscribe("pets")
            assert one.closed()[0] == 1012
            assert events.events(1, "subscribed")
            assert events.events(1, "reconnect")[0].data["code"] == 1012
        with socket(served.url) as one:
            assert one.subscribe("pets", position) == position
