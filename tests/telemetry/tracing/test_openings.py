"""Sockets and streams: their span is that of their opening, and is sent while they are open."""

from collections.abc import Callable

import orjson

from tests.cli.command import serving
from tests.house import environment, eventually
from tests.realtime.client import socket, stream
from tests.telemetry.tracing.collector import Seen, spans, traced
from tests.upstream.receiver import Receiver
from tests.worker.processes import scheduler

REALTIME = ("GET /ws", "GET /api/v2/stream")


def test_openings_are_traced(
    new_database: Callable[[], str], new_redis: Callable[[], str], free_port: int, collector: Receiver
) -> None:
    """The span of a socket and of a stream ends with the handshake, long before they do; what they are sent belongs
    to the trace of whoever caused it; the log line of their end names the span.
    """
    given = environment(new_database(), new_redis(), **traced(collector))

    def opening(name: str) -> Seen | None:
        return next((span for span in spans(collector) if span.name == name), None)

    with serving(free_port, environment=given) as api, scheduler(given, services=None):
        with socket(api.url) as line, stream(api.url, "pets") as events:
            line.subscribe("pets")
            events.events(1, "subscribed")
            opened = [eventually(lambda name=name: opening(name)) for name in REALTIME]
            made = api.client.post("/api/v2/pets", json={"name": "Rex", "species": "dog"})
            line.events(1)
            events.events(1)
            told = eventually(lambda: opening("realtime pet.created"))
            request = eventually(lambda: opening("POST /api/v2/pets"))
        eventually(lambda: len(_access(api.text, *REALTIME)) == 2)
        lines = _access(api.text, *REALTIME)
    assert [span.attributes["http.response.status_code"] for span in opened] == [101, 200]
    assert all((span.kind, span.parent, span.failed) == ("server", "", False) for span in opened)
    assert (told.kind, told.trace, told.parent) == ("consumer", request.trace, request.id)
    assert request.trace == made.headers["x-request-id"]
    assert {(each["trace_id"], each["span_id"]) for each in lines} == {(span.trace, span.id) for span in opened}


def test_what_is_not_traced_names_no_span(
    new_database: Callable[[], str], new_redis: Callable[[], str], free_port: int, collector: Receiver
) -> None:
    """The log line of a request that is not sampled has no `span_id`, not even after one that is."""
    given = environment(new_database(), new_redis(), HTTP__TRUSTED_PROXIES="127.0.0.1", **traced(collector, 0.0))
    with serving(free_port, environment=given) as api:
        for number, flag in ((1, "01"), (2, "00")):
            parent = f"00-{number:032x}-00f067aa0ba902b7-{flag}"
            assert api.client.get("/api/v2/pets", headers={"traceparent": parent}).status_code == 200
        eventually(lambda: len(_access(api.text)) == 2)
        first, second = _access(api.text)
        (seen,) = eventually(lambda: [span for span in spans(collector) if span.kind == "server"])
    assert (first["trace_id"], first["span_id"]) == (seen.trace, seen.id)
    assert "span_id" not in second


def _access(log: str, *operations: str) -> list[dict[str, str]]:
    """The lines of requests, of the operations named or of all."""
    found = [line for line in map(orjson.loads, log.splitlines()) if line["event"] == "request"]
    return [line for line in found if not operations or f"{line['method']} {line['route']}" in operations]
