"""Examples of requests in the buckets of latency."""

import re
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.conftest import House
from tests.house import nobody
from tests.telemetry.metrics.counting import TRACE
from tests.telemetry.metrics.scraping import OPENMETRICS, counting, shown_in


def test_examples_of_several_processes_are_joined(tmp_path: Path) -> None:
    """Where several processes count, the latest example of each bucket is shown, and those of the dead are gone."""
    with counting(tmp_path, 1), counting(tmp_path, 1):
        (shown,) = _examples(shown_in(tmp_path, "openmetrics").text)
        assert shown[0] == {"label": "a", "le": "0.025"}
        assert shown[1] == {"trace_id": TRACE}
        assert shown[2] == 0.02
    assert _examples(shown_in(tmp_path, "openmetrics").text) == []


def test_who_does_not_ask_for_openmetrics_is_shown_none(tmp_path: Path) -> None:
    """The older format has no exemplars: a parser of it would stumble over them."""
    with counting(tmp_path, 1):
        assert TRACE not in shown_in(tmp_path).text


def test_a_sampled_request_is_an_example_of_its_bucket(house: House) -> None:
    """The trace id in the bucket is that of the request, and its value lies within the bucket."""
    pytest.importorskip("opentelemetry.sdk", reason="the extra `tracing` is not installed")
    with house(
        TELEMETRY__TRACES_EXPORTER="otlp", TELEMETRY__TRACES_ENDPOINT=nobody(), TELEMETRY__TRACES_RATIO="1"
    ) as served:
        pet = served.pet()
        answer = served.client.get(f"/api/v2/pets/{pet['id']}")
        shown = served.client.get("/metrics", headers=OPENMETRICS)
    assert shown.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    trace = answer.headers["x-request-id"]
    (found,) = [example for example in _examples(shown.text) if example[1]["trace_id"] == trace]
    assert found[0]["route"] == "/api/v2/pets/{pet_id}" or re.match(r"/api/v2/pets/\{\w+\}", found[0]["route"])
    assert found[2] <= float(found[0]["le"])


def test_a_request_that_is_not_sampled_is_none(house: House) -> None:
    """An example that leads to no trace is not shown."""
    pytest.importorskip("opentelemetry.sdk", reason="the extra `tracing` is not installed")
    with house(
        TELEMETRY__TRACES_EXPORTER="otlp", TELEMETRY__TRACES_ENDPOINT=nobody(), TELEMETRY__TRACES_RATIO="0"
    ) as served:
        trace = served.client.get("/api/v2/pets").headers["x-request-id"]
        assert trace not in served.client.get("/metrics", headers=OPENMETRICS).text


def _examples(text: str) -> list[tuple[dict[str, str], dict[str, str], float]]:
    return [
        (sample.labels, sample.exemplar.labels, sample.exemplar.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.exemplar is not None
    ]
