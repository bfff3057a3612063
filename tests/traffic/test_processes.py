"""Real processes: what they count together, what is lost when one is killed, what they use."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest

from esteio.embedded.engines import Engines
from tests.cli.command import Server, serving
from tests.house import AMPLE, environment, eventually
from tests.traffic.counting import METRICS, requests
from tests.worker.processes import scheduler, worker

PETS = "/api/v2/pets"


@pytest.fixture
def settings(engines: Engines, new_database: Callable[[], str]) -> dict[str, str]:
    """The environment of a deployment."""
    enough = {"LIMITS__ENABLED": "false", "TELEMETRY__ACCESS_LOG": "false"}
    return environment(new_database(), engines.redis_url, **enough)


def asked(server: Server, number: int) -> None:
    """So many requests, each on a connection of its own, so that every process gets some."""
    for _ in range(number):
        assert httpx.get(server.url + PETS, timeout=AMPLE).status_code == 200


def found(server: Server) -> dict[str, Any]:
    """The report; that of a process which is just being replaced is asked for again."""
    with suppress(httpx.HTTPError):
        answer = server.client.get(METRICS, params={"period": "1h"})
        if answer.status_code == 200:
            told: dict[str, Any] = answer.json()
            return told
    return {"data": {"routes": [], "resources": {"processes": []}}}


def test_a_killed_process_loses_what_was_not_written(free_port: int, settings: dict[str, str]) -> None:
    """Two processes add up; one that is killed takes along at most what it counted after its last writing."""
    with serving(free_port, "--workers", "2", environment=settings) as server:
        asked(server, 60)
        eventually(lambda: requests(found(server), PETS) == 60)
        killed = server.workers()[0]
        asked(server, 10)
        killed.kill()
        killed.wait(30)
        eventually(lambda: len(server.workers()) == 2 and server.status() == 200)
        asked(server, 5)
        eventually(lambda: requests(found(server), PETS) >= 65)
        assert 65 <= requests(found(server), PETS) <= 75


def test_a_process_that_ends_writes_the_rest(free_port: int, settings: dict[str, str]) -> None:
    """What was counted just before SIGTERM is there for the next process to tell."""
    with serving(free_port, environment=settings) as server:
        asked(server, 25)
        server.process.terminate()
        assert server.ended() == 0
    with serving(free_port, environment=settings) as server:
        assert requests(found(server), PETS) == 25


def test_every_process_says_what_it_uses(free_port: int, settings: dict[str, str]) -> None:
    """API, worker and scheduler are seen with their CPU time, memory, files and connections."""

    def kinds() -> bool:
        seen = found(server)["data"]["resources"]["processes"]
        return {each["kind"] for each in seen} == {"api", "worker", "scheduler"}

    with (
        serving(free_port, environment=settings) as server,
        worker(settings, queues="io", services=None),
        scheduler(settings, services=None),
    ):
        eventually(kinds, 60.0)
        for each in found(server)["data"]["resources"]["processes"]:
            assert each["memory_bytes"] > 10_000_000 and each["cpu_seconds"] > 0
            assert each["open_files"] is None or each["open_files"] > 3
            assert 0 <= each["connections"] <= each["most_connections"]
            assert each["name"].startswith(each["kind"] + "@")
