"""Runs after a run: links lead from each to the one before."""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from tests.conftest import House
from tests.house import environment, eventually
from tests.telemetry.tracing.collector import Seen, spans, traced
from tests.upstream.receiver import Receiver
from tests.webhooks.station import Station, station
from tests.worker.processes import all_ended, prepare, scheduler, worker
from tests.worker.services import SERVICES

MARKED = "run trial.mark"


@pytest.fixture
def desk(
    house: House, new_database: Callable[[], str], new_redis: Callable[[], str], collector: Receiver
) -> Iterator[Station]:
    """A deployment whose traces go to the collector."""
    with station(house, new_database(), new_redis(), **traced(collector)) as running:
        yield running


def runs(collector: Receiver, name: str = "run webhooks.deliver") -> list[Seen]:
    return [span for span in spans(collector) if span.name == name]


def test_a_retry_links_to_the_run_before(desk: Station, collector: Receiver, receiver: Receiver) -> None:
    """Each try is a span of the same trace that links to the one before, also one that a dead letter is given later;
    what failed says so.
    """
    receiver.statuses = [500, 500]
    endpoint = desk.endpoint(receiver.url(), "pet.created")
    desk.served.pet()
    desk.tried(endpoint, 1)
    desk.hurry()
    desk.tried(endpoint, 2)
    desk.hurry()
    desk.tried(endpoint, 3)
    first, second, third = eventually(lambda: len(runs(collector)) == 3 and runs(collector))
    assert first.links == ()
    assert second.links == ((first.trace, first.id),)
    assert third.links == ((second.trace, second.id),)
    assert first.trace == second.trace == third.trace
    assert first.parent == second.parent == third.parent
    assert [span.attributes["esteio.job.attempt"] for span in (first, second, third)] == [1, 2, 3]
    assert [span.failed for span in (first, second, third)] == [True, True, False]
    calls = [span for span in spans(collector) if span.name == "POST" and span.parent in (first.id, third.id)]
    assert [call.failed for call in calls] == [True, False]
    assert calls[0].attributes["error.type"] == "500"


def test_a_dead_letters_new_run_links_to_the_last(
    house: House, new_database: Callable[[], str], new_redis: Callable[[], str], collector: Receiver
) -> None:
    """A task that failed for good and is tried again by hand links to the run that failed; what each run logs names
    its span.
    """
    places = {"database_url": new_database(), "redis_url": new_redis()}
    prepare(places["database_url"])
    given = environment(**places, **traced(collector))
    with (
        house(services=SERVICES, **places, **traced(collector)) as served,
        worker(given, queues="io") as working,
        scheduler(given),
    ):
        answer = served.client.post("/api/v2/trial/marks", json={"number": 7, "refuse": True})
        job = answer.json()["data"]["job"]
        ended = all_ended(places["database_url"], [UUID(job)], "failed")
        eventually(ended)
        assert served.client.post(f"/api/v2/tasks/{job}/retry").status_code == 202
        first, second = eventually(lambda: len(runs(collector, MARKED)) == 2 and runs(collector, MARKED))
        said = working.lines("trial.marked")
    assert second.links == ((first.trace, first.id),)
    assert second.parent == first.parent != ""
    assert [span.attributes["esteio.job.ended"] for span in (first, second)] == ["failed", "failed"]
    assert first.failed and first.attributes["error.type"] == "Permanent"
    assert [(line["trace_id"], line["span_id"]) for line in said] == [(one.trace, one.id) for one in (first, second)]
