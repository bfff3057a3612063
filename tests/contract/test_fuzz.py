"""Fuzzing: requests made from the OpenAPI documents meet no failure, and no answer that the documents do not foresee."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from schemathesis.engine import Status, events, from_schema

from tests.conftest import House
from tests.house import ADMIN_KEY, Served

SEED = 20_261_121
MOST_SECONDS = {"v1": 10, "v2": 60}


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    with house(LIMITS__ENABLED="false", TELEMETRY__ACCESS_LOG="false") as running:
        running.pet()
        yield running


def configured(served: Served, version: str) -> schemathesis.Config:
    return schemathesis.Config.from_dict(
        {
            "seed": SEED,
            "max-time": MOST_SECONDS[version],
            "base-url": served.url,
            "headers": {"X-API-Key": ADMIN_KEY},
            "workers": 1,
            "generation": {"max-examples": 4, "no-shrink": True, "database": "none"},
            "continue-on-failure": True,
            "checks": {
                "positive_data_acceptance": {
                    "expected-statuses": ["2xx", "3xx", "400", "401", "403", "404", "409", "410", "412", "422", "429"]
                }
            },
            "phases": {"stateful": {"enabled": False}},
        }
    )


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_fuzz(served: Served, version: str) -> None:
    document = served.anonymous.get(f"/api/{version}/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document, config=configured(served, version))
    found: dict[tuple, Any] = {}
    count = 0
    began = time.monotonic()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            count += len(event.recorder.cases)
            for case_id, checks in event.recorder.checks.items():
                for check in checks:
                    if check.status == Status.FAILURE:
                        f = check.failure_info
                        key = (event.recorder.label, check.name, str(f.failure.title))
                        if key not in found:
                            found[key] = (
                                event.phase,
                                str(f.failure)[:600],
                                f.code_sample[:500] if hasattr(f, "code_sample") else "",
                            )
        elif isinstance(event, (events.NonFatalError, events.FatalError)):
            print("ERR", event, getattr(event, "value", None))
            print(
                "  ",
                event.phase,
                event.recorder.label,
                len(event.recorder.cases),
                round(event.elapsed_time, 2),
                event.status,
            )
        elif isinstance(event, events.EngineFinished):
            print("stop", event.stop_reason, event.running_time)
        elif isinstance(event, events.PhaseFinished):
            print(event.phase.name, event.status, time.monotonic() - began, count)
    for k, v in found.items():
        print("##", k)
        print(v[0])
        print(v[1])
        print(v[2])
    print(count, len(found))
