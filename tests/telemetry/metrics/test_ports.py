"""The port of metrics of each command: a single API process, a fleet of workers, a scheduler."""

import pytest

from esteio.embedded.engines import Engines
from tests.cli.command import run, serving
from tests.house import environment, eventually, unused_port
from tests.telemetry.metrics.scraping import Scrape, scrape
from tests.worker.processes import scheduler, worker


@pytest.fixture(scope="module")
def deployment(engines: Engines, new_database: object) -> dict[str, str]:
    assert callable(new_database)
    return environment(new_database(), engines.redis_url)


def test_a_single_process_shows_its_own(deployment: dict[str, str], free_port: int) -> None:
    """Without workers the process itself answers, by the setting alone, and shows the same names."""
    given = deployment | {"ESTEIO_TELEMETRY__METRICS_PORT": str(free_port)}
    with serving(unused_port(), environment=given) as server:
        for _ in range(3):
            assert server.client.get("/api/v2/pets").status_code == 200
        eventually(lambda: scrape(free_port).known("esteio_database_up") == 1)
        shown = scrape(free_port)
    assert shown.of("esteio_http_request_duration_seconds_count", route="/api/v2/pets", status="200") == 3
    assert shown.of("esteio_process_resident_memory_bytes", process="serve") > 1e6
    assert shown.of("esteio_processes", kind="serve") == 1
    assert all(name.startswith("esteio_") for name in shown.names)
    assert not [name for name in shown.names if name.endswith("_created")]


def test_a_port_that_is_taken_stops_the_start(deployment: dict[str, str], free_port: int) -> None:
    """Two servers that want one port: the second says so, in one sentence that names it."""
    with serving(unused_port(), "--metrics-port", str(free_port), environment=deployment):
        second = run("serve", "--port", "0", "--metrics-port", str(free_port), environment=deployment)
    assert second.code == 2
    assert f"Port {free_port} of 127.0.0.1 cannot be used for metrics" in second.err
    assert "Traceback" not in second.err


def test_workers_and_scheduler_show_theirs(deployment: dict[str, str], free_port: int) -> None:
    """A fleet of workers counts its runs and names its processes by queue and place; the scheduler says what runs."""
    other = unused_port()
    with (
        worker(deployment, queues="io", more=("--metrics-port", str(free_port))),
        scheduler(deployment | {"ESTEIO_TELEMETRY__METRICS_PORT": str(other)}),
    ):
        eventually(lambda: scrape(free_port).known("esteio_job_workers", queue="io") == 1, 60)
        eventually(lambda: _parts(scrape(other)) == 5, 60)
        shown = scrape(free_port)
        assert shown.labels("esteio_process_start_time_seconds", "process") == {"worker-io-0", "worker-parent"}
        assert shown.of("esteio_job_slots", queue="io") >= 1
        assert shown.of("esteio_job_workers", queue="cpu") == 0
        eventually(lambda: scrape(other).labels("esteio_schedule_last_due_timestamp_seconds", "schedule"), 60)


def _parts(shown: Scrape) -> float:
    return shown.known("esteio_scheduler_part_alive")
