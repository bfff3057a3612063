"""Zipkin's own format, for those who have no collector of OpenTelemetry."""

import re

import orjson

from tests.conftest import House
from tests.telemetry.tracing.collector import traced
from tests.upstream.receiver import Receiver

KINDS = {"CLIENT", "SERVER", "PRODUCER", "CONSUMER"}


def test_zipkin_is_sent_its_json(house: House, collector: Receiver) -> None:
    """What arrives is a list of spans of Zipkin's version 2, with the headers that the operator set."""
    changes = traced(collector, EXPORTER="zipkin", ENDPOINT=collector.url("/ok/api/v2/spans"), HEADERS="X-Area=north")
    with house(**changes) as served:
        pet = served.pet()
        served.client.get(f"/api/v2/pets/{pet['id']}")
    found = [span for request in collector.requests for span in orjson.loads(request.body)]
    for request in collector.requests:
        assert request.headers["content-type"] == "application/json"
        assert request.headers["x-area"] == "north"
    for span in found:
        assert re.fullmatch("[0-9a-f]{32}", span["traceId"]) and re.fullmatch("[0-9a-f]{16}", span["id"])
        assert span.get("kind") in KINDS | {None}
        assert isinstance(span["timestamp"], int) and isinstance(span["duration"], int)
        assert span["localEndpoint"]["serviceName"] == "esteio"
        assert all(isinstance(value, str) for value in span["tags"].values())
    (request_span,) = [span for span in found if span["name"] == "POST /api/v2/pets"]
    (insert,) = [span for span in found if span["name"] == "INSERT pets"]
    by_id = {span["id"]: span for span in found}
    assert "parentId" not in request_span
    assert insert["traceId"] == request_span["traceId"] and insert["parentId"] in by_id
