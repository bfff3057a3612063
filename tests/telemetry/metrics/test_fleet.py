"""`esteio serve --workers 4`, one of them killed, seen through the port of metrics and by a real Prometheus."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from esteio.embedded.engines import Engines
from tests.cli.command import Server, serving
from tests.cli.load import Load
from tests.house import AMPLE, environment, eventually, unused_port
from tests.telemetry.metrics.scraping import OPENMETRICS, Scrape, scrape

COUNT = "esteio_http_request_duration_seconds_count"
TOKEN = "a token for scrapes alone"
SHOWS = {"Authorization": f"Bearer {TOKEN}"}
WORKERS = {"serve-0", "serve-1", "serve-2", "serve-3"}


@pytest.fixture(scope="module")
def port() -> int:
    return unused_port()


@pytest.fixture(scope="module")
def fleet(engines: Engines, new_database: object, port: int) -> Iterator[Server]:
    """Four workers and their parent, which shows the metrics."""
    assert callable(new_database)
    more = {
        "LIMITS__DEFAULT": "1000000/minute",
        "HTTP__DRAIN_NOTICE": "0",
        "TELEMETRY__METRICS_TOKEN": TOKEN,
        "TELEMETRY__ACCESS_LOG": "false",
    }
    given = environment(new_database(), engines.redis_url, **more)
    arguments = ("--workers", "4", "--metrics-port", str(port))
    with serving(unused_port(), *arguments, environment=given) as server:
        settle(port)
        yield server


def seen(port: int) -> Scrape:
    return scrape(port, SHOWS)


def settle(port: int) -> None:
    """Wait until four workers are there and have looked at themselves."""
    eventually(lambda: seen(port).known("esteio_processes", kind="serve") == 4, 120)
    eventually(lambda: seen(port).labels("esteio_process_resident_memory_bytes", "process") >= WORKERS, 120)


def of_pets(shown: Scrape) -> float:
    return shown.known(COUNT, route="/api/v2/pets")


def test_sums_are_exact_when_one_of_four_is_killed(fleet: Server, port: int) -> None:
    """Under load kill -9 of a worker loses no count: all that was answered is counted, and nothing twice."""
    before = of_pets(seen(port))
    load = Load(fleet.url)
    with load.of(6):
        eventually(lambda: load.answered > 60)
        victim = fleet.workers()[0]
        victim.kill()
        eventually(lambda: victim.pid not in {one.pid for one in fleet.workers()})
        answered = load.answered
        eventually(lambda: load.answered > answered + 60)
    shown = seen(port)
    assert load.answered <= of_pets(shown) - before <= load.answered + len(load.failures)
    eventually(lambda: seen(port).of("esteio_processes", kind="serve") == 4)


def test_a_restart_is_seen_under_the_same_name(fleet: Server, port: int) -> None:
    """Names of processes are those of their places: a restart makes no new series, and its start is a new one."""
    settle(port)
    before = {name: seen(port).of("esteio_process_start_time_seconds", process=name) for name in WORKERS}
    fleet.workers()[-1].kill()

    def renewed() -> set[str]:
        shown = seen(port)
        return {
            name for name in WORKERS if shown.known("esteio_process_start_time_seconds", process=name) > before[name]
        }

    eventually(renewed, 90)
    settle(port)
    assert len(renewed()) == 1
    assert seen(port).labels("esteio_process_start_time_seconds", "process") == WORKERS | {"serve-parent"}


def test_every_process_tells_what_it_uses(fleet: Server, port: int) -> None:
    """Memory, processor time, descriptors and the loop's lag are there for each worker; the parent has no loop."""
    settle(port)
    for name in sorted(WORKERS):
        eventually(lambda name=name: seen(port).known("esteio_process_cpu_seconds_total", process=name) > 0)
    shown = seen(port)
    for name in WORKERS:
        assert 20e6 < shown.of("esteio_process_resident_memory_bytes", process=name) < 1e9
        assert shown.of("esteio_process_open_descriptors", process=name) > 3
        assert shown.of("esteio_process_max_descriptors", process=name) >= 64
        assert shown.of("esteio_event_loop_lag_seconds_count", process=name) > 0
    assert shown.of("esteio_process_resident_memory_bytes", process="serve-parent") > 1e6
    assert shown.of("esteio_build_info") == 1


def test_the_whole_house_is_counted_by_one_of_them(fleet: Server, port: int) -> None:
    """What is counted in the database is shown on the port too, once, and goes on when its teller is killed."""
    eventually(lambda: seen(port).known("esteio_database_up") == 1)
    shown = seen(port)
    assert shown.of("esteio_migrations_behind") == 0
    assert abs(shown.of("esteio_clock_skew_seconds")) < 1
    assert shown.of("esteio_files_free_bytes", place="temp") > 0
    assert shown.text.count("\nesteio_database_up ") == 1


def test_the_port_asks_for_its_token(fleet: Server, port: int) -> None:
    """Whoever does not show the token sees nothing but that it lives; nobody is told of other paths."""
    url = f"http://127.0.0.1:{port}"
    wrong = ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}, {"Authorization": "Bearer"})
    for shown in wrong:
        answer = httpx.get(f"{url}/metrics", headers=shown)
        assert (answer.status_code, answer.content) == (401, b"")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    alive = httpx.get(f"{url}/livez")
    assert (alive.status_code, alive.content) == (200, b"ok\n")
    assert httpx.get(f"{url}/", headers=SHOWS).status_code == 404
    assert httpx.head(f"{url}/metrics", headers=SHOWS).status_code == 200
    assert httpx.get(f"{url}/metrics", headers=SHOWS).headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("headers", [{}, OPENMETRICS], ids=["prometheus", "openmetrics"])
def test_promtool_finds_nothing_wrong(fleet: Server, port: int, headers: dict[str, str]) -> None:
    """The text passes the tool that owns the format, and OpenMetrics its own parser."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    shown = scrape(port, SHOWS | headers)
    if headers:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families

        assert len(list(text_string_to_metric_families(shown.text))) > 30
        return
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=shown.text, capture_output=True, text=True, timeout=60, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_real_prometheus_scrapes_it(fleet: Server, port: int, tmp_path: Path, free_port: int) -> None:
    """Prometheus finds the target up and answers a query with the figure that the house shows."""
    prometheus = shutil.which("prometheus")
    if prometheus is None:
        pytest.skip("prometheus is not installed")
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        "scrape_configs:\n"
        "  - job_name: esteio\n"
        f"    authorization: {{credentials: {TOKEN}}}\n"
        f"    static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
    )
    process = subprocess.Popen(
        [
            prometheus,
            f"--config.file={config}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{free_port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: asked(free_port, 'up{job="esteio"}') == "1", 60)
        eventually(lambda: asked(free_port, "sum(esteio_processes{kind='serve'})") == "4", 60)
        answered = asked(free_port, f'sum({COUNT}{{route="/api/v2/pets"}})')
        assert answered is not None
        assert float(answered) == of_pets(seen(port))
        kinds = asked(free_port, "count(esteio_job_runs_total) or vector(0)")
        assert kinds is not None
    finally:
        process.kill()
        process.wait()


def asked(port: int, query: str) -> str | None:
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/api/v1/query", params={"query": query}, timeout=AMPLE)
        result = json.loads(answer.text)["data"]["result"]
    except (httpx.HTTPError, KeyError, ValueError):
        return None
    return result[0]["value"][1] if result else None
