"""How traces begin in a process: refused where the libraries are missing, anew where it was forked."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command import run, surroundings
from tests.house import environment
from tests.telemetry.tracing.collector import PLACE, spans
from tests.upstream.receiver import Receiver

FORKING = """
import asyncio, os, sys, time
from esteio.telemetry.settings import TelemetrySettings
from esteio.telemetry.tracing.metrics import exported
from esteio.telemetry.tracing.tracing import Tracing

tracing = Tracing(TelemetrySettings(traces_exporter="otlp", traces_endpoint=sys.argv[1], traces_ratio=1))
tracing.root("first", "internal", {}).end()
end = time.monotonic() + 60
while not exported()._value.get():
    assert time.monotonic() < end
    time.sleep(0.01)
tracing.root("waiting", "internal", {}).end()
child = os.fork()
for _ in range(3):
    tracing.root("parent" if child else "child", "internal", {}).end()
asyncio.run(tracing.close())
if not child:
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


@pytest.mark.parametrize(("exporter", "extra"), [("otlp", "esteio[tracing]"), ("zipkin", "esteio[zipkin]")])
def test_a_missing_extra_is_named(
    new_database: Callable[[], str], new_redis: Callable[[], str], tmp_path: Path, exporter: str, extra: str
) -> None:
    """Where the settings ask for traces and the libraries are not installed, nothing starts, and one sentence says
    what to install.
    """
    hidden = tmp_path / "opentelemetry" / "exporter"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").touch()  # found first, and empty
    given = environment(new_database(), new_redis(), TELEMETRY__TRACES_EXPORTER=exporter)
    path = os.pathsep.join(filter(None, (str(tmp_path), *sys.path)))
    done = run("serve", "--port", "0", environment=given | {"PYTHONPATH": path})
    assert done.code != 0
    assert extra in done.said
    assert "TRACES_EXPORTER=none" in done.said
    assert "Traceback" not in done.said


def test_a_forked_process_begins_anew(collector: Receiver) -> None:
    """A fork sends what it made itself, under ids of its own, and leaves to its parent what was waiting there."""
    done = subprocess.run(
        [sys.executable, "-c", FORKING, collector.url(PLACE)],
        env=surroundings({}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = spans(collector)
    assert sorted(span.name for span in found) == ["child"] * 3 + ["first"] + ["parent"] * 3 + ["waiting"]
    assert len({span.id for span in found}) == len({span.trace for span in found}) == len(found)
    pids = {name: {span.resource["process.pid"] for span in found if span.name == name} for name in ("child", "parent")}
    assert len(pids["child"]) == len(pids["parent"]) == 1
    assert pids["child"] != pids["parent"]
