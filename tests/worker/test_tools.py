"""Celery's own tools see our workers as Celery workers."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import orjson

from tests.cli.command import NOWHERE, SECONDS, surroundings
from tests.house import NO_TLS, eventually, sql
from tests.worker.processes import scheduler, worker, write_down
from tests.worker.services import MARK, Number

CELERY = (sys.executable, "-m", "celery", "-A", "esteio.worker")


def inspect(environment: Mapping[str, str], method: str, *nodes: str) -> dict[str, Any]:
    """What `celery inspect` hears, by node: it waits for these, or some seconds for whoever there is."""
    whom = ["--destination", ",".join(nodes), "--timeout", "30"] if nodes else ["--timeout", "5"]
    done = subprocess.run(
        [*CELERY, "inspect", method, "--json", *whom],
        env=surroundings(environment),
        cwd=NOWHERE,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    found: dict[str, Any] = orjson.loads(done.stdout[done.stdout.index("{") :])
    return found


def test_celery_inspect(deployment: dict[str, str], database: str) -> None:
    """ping, registered, stats and active answer; active names the jobs that really run, and no others."""
    few = deployment | {"ESTEIO_JOBS__IO_SLOTS": "2"}
    with worker(few) as running, scheduler(few):
        nodes = inspect(few, "ping")
        assert {node.partition("@")[0] for node in nodes} == {"io", "cpu"}
        assert {int(node.rpartition("-")[2]) for node in nodes} == running.pids
        assert all(answer == {"ok": "pong"} for answer in nodes.values())
        assert all("esteio.run" in tasks for tasks in inspect(few, "registered", *nodes).values())
        jobs = write_down(few, MARK, [Number(number=number, seconds=600) for number in range(6)])
        eventually(lambda: sql(database, "SELECT count(*) FROM trial_runs")[0][0] == 2)
        active = [task for tasks in inspect(few, "active", *nodes).values() for task in tasks]
        rows = sql(database, "SELECT job_id FROM job_tickets WHERE state = 'running'")
        assert sorted(job for task in active for job in task["args"][0]) == sorted(str(row["job_id"]) for row in rows)
        assert len(active) == 2
        stats = {node.partition("@")[0]: answer for node, answer in inspect(few, "stats", *nodes).items()}
        assert stats["io"]["pool"]["max-concurrency"] == 2
        assert {str(row["job_id"]) for row in rows} < {str(job) for job in jobs}


def test_flower(deployment: dict[str, str], free_port: int) -> None:
    """Flower lists the workers as online, and counts what they ran once events are switched on."""
    with worker(deployment) as running, flower(deployment, free_port) as client:
        seen = eventually(lambda: workers_seen(client, len(running.pids)))
        assert {name.partition("@")[0] for name in seen} == {"io", "cpu"}
        assert all("esteio.run" in one["registered"] for one in seen.values())
        page = eventually(lambda: online(client, running.pids))
        assert "esteio" in page or "io@" in page


def workers_seen(client: httpx.Client, number: int) -> dict[str, Any]:
    answer = client.get("/api/workers", params={"refresh": "true"})
    found: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
    complete = {name: one for name, one in found.items() if one.get("registered")}
    return complete if len(complete) == number else {}


def online(client: httpx.Client, pids: set[int]) -> str:
    """Flower's page of workers, once it has heard a heartbeat of each."""
    answer = client.get("/workers", params={"json": "1"})
    rows = answer.json()["data"] if answer.status_code == 200 else []
    alive = {int(row["hostname"].rpartition("-")[2]) for row in rows if row["status"]}
    return answer.text if alive == pids else ""


@contextmanager
def flower(environment: Mapping[str, str], port: int) -> Iterator[httpx.Client]:
    process = subprocess.Popen(
        [*CELERY, "flower", "--address=127.0.0.1", f"--port={port}"],
        env=surroundings({**environment, "FLOWER_UNAUTHENTICATED_API": "true"}),
        cwd=NOWHERE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, verify=NO_TLS) as client:
            eventually(lambda: answers(client), SECONDS)
            yield client
    finally:
        process.kill()
        process.wait()


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthcheck").status_code == 200
    except httpx.HTTPError:
        return False
