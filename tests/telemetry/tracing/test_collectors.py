"""Collectors that are down, silent or slow cost spans, never a request and never the end of a process."""

import socket
import time
from collections.abc import Callable, Sequence
from itertools import count

import httpx
import psutil
import pytest

from esteio.telemetry.settings import TelemetrySettings
from esteio.telemetry.tracing.metrics import dropped, exported
from esteio.telemetry.tracing.outlet import Outlet
from esteio.telemetry.tracing.span import Span
from esteio.telemetry.tracing.tracing import Tracing
from tests.cli.command import serving
from tests.conftest import House
from tests.house import environment, eventually, nobody
from tests.telemetry.tracing.collector import spans, traced
from tests.upstream.receiver import Receiver

PETS = "/api/v2/pets"
TIMEOUT = 1.0


def lost(reason: str) -> float:
    return float(dropped().labels(reason)._value.get())


def tracing_to(endpoint: str, **changes: object) -> Tracing:
    values = {"traces_exporter": "otlp", "traces_endpoint": endpoint, "traces_ratio": 1, "traces_timeout": TIMEOUT}
    return Tracing(TelemetrySettings.model_validate(values | changes))


def finish(tracing: Tracing, number: int = 1) -> None:
    for _ in range(number):
        tracing.root("work", "internal", {}).end()


@pytest.mark.parametrize(
    "way", ["/status/500/v1", "/close/v1", "/garbage/v1", "/hang/v1", "/headers-drip/v1", "/body-drips/v1"]
)
def test_requests_go_on(house: House, collector: Receiver, way: str) -> None:
    """Whatever the collector does, every request is answered, and each span is counted as lost."""
    before = lost("refused")
    given = traced(collector, ENDPOINT=collector.url(way), TIMEOUT="0.3", FLUSH="0.2")
    with house(**given) as served:
        for _ in range(20):
            assert served.client.get(PETS).status_code == 200
        eventually(lambda: lost("refused") > before)


def test_a_collector_that_refuses_connections(house: House) -> None:
    """Where nobody listens nothing is slower, and the spans are counted as lost."""
    before = lost("refused")
    settings = {"EXPORTER": "otlp", "ENDPOINT": f"{nobody()}/v1/traces", "RATIO": "1", "TIMEOUT": "0.5"}
    with house(**{f"TELEMETRY__TRACES_{name}": value for name, value in settings.items()}) as served:
        assert served.client.get(PETS).status_code == 200
        eventually(lambda: lost("refused") > before)


@pytest.mark.anyio
@pytest.mark.parametrize("exporter", ["otlp", "zipkin"])
@pytest.mark.parametrize("way", ["/body-drips/v1", "/endless/v1", "/headers-drip/v1"])
async def test_an_answer_without_end_holds_nothing(collector: Receiver, way: str, exporter: str) -> None:
    """A collector whose answer never ends has its time-out for all of it, and is asked again with the next spans."""
    tracing = tracing_to(collector.url(way), traces_exporter=exporter, traces_timeout=0.3)
    for number in (1, 2):
        before = lost("refused")
        finish(tracing)
        eventually(lambda before=before: lost("refused") > before)
        assert len(collector.requests) == number
    assert collector.sent < 20_000_000
    await tracing.close()


class Collected:
    """Takes spans and keeps them."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def send(self, spans: Sequence[Span]) -> None:
        self.spans += spans

    def stop(self) -> None:
        pass


@pytest.mark.parametrize(("again", "makes"), [(0.0, 2), (3600.0, 1)])
def test_an_exporter_that_cannot_be_made(caplog: pytest.LogCaptureFixture, again: float, makes: int) -> None:
    """It is told of once and its spans count as refused; after a while it is made, and takes the next."""
    collected, tries = Collected(), count(1)
    made: list[int] = []

    def make() -> Collected:
        made.append(next(tries))
        if made[-1] == 1:
            raise ImportError("half of a library")
        return collected

    outlet = Outlet(make, most=10, batch=1, again=again)
    tracing, before = tracing_to(nobody()), lost("refused")
    outlet.put(tracing.root("first", "internal", {}))
    eventually(lambda: lost("refused") == before + 1)
    outlet.put(tracing.root("second", "internal", {}))
    eventually(lambda: lost("refused") == before + 2 or len(collected.spans) == 1)
    outlet.close(10.0)
    assert len(made) == makes
    assert len(collected.spans) == makes - 1
    assert caplog.text.count("traces.exporter_not_made") == 1


@pytest.mark.anyio
async def test_the_queue_is_bounded(collector: Receiver) -> None:
    """Beyond its bound spans are dropped and counted, at once; those that fit arrive when the collector does."""
    tracing = tracing_to(collector.url("/held/v1"), traces_queue=50, traces_batch=10, traces_timeout=30.0)
    before, taken = lost("full"), float(exported()._value.get())
    finish(tracing, 10)
    eventually(lambda: collector.requests)
    finish(tracing, 500)
    assert lost("full") - before >= 440
    collector.gate.set()
    eventually(lambda: float(exported()._value.get()) - taken >= 50)
    await tracing.close()
    assert len(spans(collector)) <= 70


@pytest.mark.anyio
@pytest.mark.parametrize("way", ["/hang/v1", "/headers-drip/v1", "/status/503/v1"])
async def test_the_end_is_bounded(collector: Receiver, way: str) -> None:
    """A process that ends waits for its collector no longer than the settings say, and counts what is lost."""
    tracing = tracing_to(collector.url(way), traces_flush=0.5, traces_timeout=30.0)
    before = lost("ended") + lost("refused")
    finish(tracing, 1000)
    began = time.monotonic()
    await tracing.close()
    assert time.monotonic() - began < 5.0
    eventually(lambda: lost("ended") + lost("refused") > before)


@pytest.mark.anyio
async def test_what_waits_is_sent_at_the_end(collector: Receiver) -> None:
    """What has ended shortly before the process does still arrives; what ends afterwards is counted as lost."""
    tracing = tracing_to(collector.url("/ok/v1"))
    finish(tracing, 3)
    await tracing.close()
    assert len(spans(collector)) == 3
    before = lost("ended")
    finish(tracing)
    assert lost("ended") == before + 1


@pytest.mark.anyio
async def test_a_collector_that_returns(collector: Receiver) -> None:
    """After a collector was away the next spans arrive."""
    tracing = tracing_to(collector.url("/ok/v1"), traces_timeout=0.5)
    collector.statuses = [400]
    before = lost("refused")
    finish(tracing)
    eventually(lambda: lost("refused") > before)
    finish(tracing)
    eventually(lambda: len(spans(collector)) == 2)
    await tracing.close()


def test_a_silent_collector_delays_no_end(
    new_database: Callable[[], str], new_redis: Callable[[], str], free_port: int, collector: Receiver
) -> None:
    """SIGTERM ends a server in its time though its collector never answers."""
    changes = traced(collector, ENDPOINT=collector.url("/hang/v1"), TIMEOUT="60", FLUSH="1")
    given = environment(new_database(), new_redis(), HTTP__DRAIN_NOTICE="0", **changes)
    with serving(free_port, environment=given) as api:
        assert api.client.get(PETS).status_code == 200
        eventually(lambda: collector.requests)
        api.client.close()
        began = time.monotonic()
        api.process.terminate()
        assert api.ended() == 0
        assert time.monotonic() - began < 15


def test_off_means_no_thread_and_no_library(
    new_database: Callable[[], str], new_redis: Callable[[], str], free_port: int
) -> None:
    """Without an exporter nothing of OpenTelemetry is loaded."""
    given = environment(new_database(), new_redis())
    with serving(free_port, environment=given) as api:
        assert httpx.get(f"{api.url}/livez").status_code == 200
        loaded = {mapped.path for mapped in psutil.Process(api.process.pid).memory_maps()}
        assert not any("google/_upb" in path for path in loaded)
    with socket.socket() as free:
        free.bind(("127.0.0.1", free_port))
