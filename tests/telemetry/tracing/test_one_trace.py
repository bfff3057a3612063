"""One trace over every process: the API, the outbox, the relay, a worker, and whoever is sent the webhook."""

from collections.abc import Callable
from typing import Any

import orjson

from tests.cli.command import serving
from tests.house import environment, eventually
from tests.telemetry.tracing.collector import Seen, spans, trace_with, traced
from tests.upstream.receiver import Receiver
from tests.webhooks.station import ENDPOINTS, OPEN
from tests.worker.processes import scheduler, worker


def access(log: str, trace: str) -> list[dict[str, Any]]:
    """The access log's lines about a request."""
    lines = [orjson.loads(line) for line in log.splitlines()]
    return [line for line in lines if line["event"] == "request" and line["trace_id"] == trace]


def one(found: list[Seen], name: str) -> Seen:
    (span,) = [span for span in found if span.name == name]
    return span


def test_one_trace_from_the_request_to_the_receiver(
    new_database: Callable[[], str],
    new_redis: Callable[[], str],
    free_port: int,
    collector: Receiver,
    receiver: Receiver,
) -> None:
    """A request's trace goes on in the scheduler and the worker, each span under the one that caused it, and the
    receiver of the webhook is told under which span it was called; every process sends for itself.
    """
    given = environment(new_database(), new_redis(), **OPEN, **traced(collector, RESOURCE="deployment.area=test"))
    with (
        serving(free_port, "--workers", "2", environment=given) as api,
        worker(given, queues="io", services=None) as running,
        scheduler(given, services=None),
    ):
        body = {"url": receiver.url(), "events": ["pet.created"]}
        assert api.client.post(ENDPOINTS, json=body).status_code == 201
        made = api.client.post("/api/v2/pets", json={"name": "Rex", "species": "dog"})
        assert made.status_code == 201
        (hook,) = eventually(lambda: receiver.requests, 40.0)
        found = trace_with(collector, lambda span: span.attributes.get("server.port") == receiver.port)
        eventually(lambda: len([span for span in spans(collector) if span.name == "run webhooks.deliver"]) == 1)
        found = [span for span in spans(collector) if span.trace == found[0].trace]
        eventually(lambda: access(api.text, made.headers["x-request-id"]))
        (line,) = access(api.text, made.headers["x-request-id"])
        pids = {child.pid for child in running.children()}
        apis = {child.pid for child in api.workers()}

    request = one(found, "POST /api/v2/pets")
    insert = next(span for span in found if span.name == "INSERT outbox")
    fanout, enqueue = one(found, "fanout pet.created"), one(found, "enqueue webhooks.deliver")
    carry, run, call = one(found, "carry io"), one(found, "run webhooks.deliver"), one(found, "POST")
    assert (request.parent, request.kind) == ("", "server")
    commits = {span.id for span in found if span.name == "COMMIT"}
    assert insert.parent in {request.id} | commits
    assert fanout.parent == request.id
    assert (fanout.kind, enqueue.parent, enqueue.kind) == ("consumer", fanout.id, "producer")
    assert (carry.parent, carry.kind) == (enqueue.id, "producer")
    assert (run.parent, run.kind, run.links) == (enqueue.id, "consumer", ())
    assert (call.parent, call.kind) == (run.id, "client")
    assert hook.headers["traceparent"] == f"00-{request.trace}-{call.id}-01"
    assert made.headers["x-request-id"] == request.trace

    assert request.attributes["http.route"] == request.attributes["url.path"] == "/api/v2/pets"
    assert request.attributes["http.response.status_code"] == 201
    assert call.attributes["http.response.status_code"] == 200
    assert insert.attributes["db.operation.name"] == "INSERT"
    assert any(span.attributes.get("db.system.name") == "redis" for span in found)
    assert not any(span.failed for span in found)
    processes = {span.resource["esteio.process"]: span.resource["process.pid"] for span in found}
    assert set(processes) == {"esteio", "esteio-scheduler", "esteio-worker"}
    assert processes["esteio"] in apis and processes["esteio-worker"] in pids
    assert all(span.resource["deployment.area"] == "test" for span in found)
    assert line["span_id"] == request.id


def test_every_process_of_a_fleet_sends_its_own_spans(
    new_database: Callable[[], str], new_redis: Callable[[], str], free_port: int, collector: Receiver
) -> None:
    """Several workers of one `serve` each send what they answered, and no two spans share an id; what waits when they
    are told to end arrives before they have ended.
    """
    given = environment(new_database(), new_redis(), **traced(collector))
    with serving(free_port, "--workers", "3", environment=given) as api:
        pids = {one.pid for one in api.workers()}

        def all_answered() -> bool:
            for _ in range(10):
                api.status("/api/v2/pets")  # on a new connection
            seen = {span.resource["process.pid"] for span in spans(collector) if span.kind == "server"}
            return pids <= seen

        eventually(all_answered, 40.0)
        last = api.client.get("/api/v2/pets")
        api.process.terminate()
        assert api.ended() == 0
    found = spans(collector)
    assert last.headers["x-request-id"] in {span.trace for span in found}
    assert len({span.id for span in found}) == len(found)
