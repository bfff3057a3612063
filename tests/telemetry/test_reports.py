"""Reports of bugs: what Sentry is told, what it is not told, and that nobody waits for it."""

import errno
import logging
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from esteio import __version__
from esteio.base.clock import TurnableClock
from esteio.base.errors import StartRefused, Unavailable
from esteio.telemetry import reports
from esteio.telemetry.failures import is_bug
from esteio.telemetry.logs import configure, log
from esteio.telemetry.reports import Reports, flush, install
from esteio.telemetry.settings import TelemetrySettings
from tests.conftest import House
from tests.house import ADMIN_KEY, SECRET, Served, environment, eventually
from tests.telemetry.faulty import MAIL, SERVICES, WRITE, Letter
from tests.telemetry.faulty import SECRET as PASSWORD
from tests.telemetry.sink import Sink, sink
from tests.worker.processes import running, worker, write_down


@pytest.fixture
def heard() -> Iterator[Sink]:
    with sink() as found:
        yield found


@pytest.fixture
def reporting(heard: Sink) -> Iterator[Sink]:
    """This process reports to the sink; it does not afterwards."""
    before = list(logging.getLogger().handlers)
    configure(settings(heard))
    yield heard
    install(TelemetrySettings())
    logging.getLogger().handlers[:] = before


@pytest.fixture
def faulty(house: House, reporting: Sink) -> Iterator[Served]:
    with house(services=SERVICES) as served:
        yield served


def settings(heard: Sink, **changes: Any) -> TelemetrySettings:
    return TelemetrySettings(log_format="json", sentry_dsn=heard.dsn, sentry_environment="trial", **changes)  # type: ignore[arg-type]


def letter(served: Served, kind: str, **more: str) -> int:
    body = {"kind": kind, "to": MAIL, "password": PASSWORD}
    return served.client.post("/api/v2/faulty/its-id/letters?page=query-value", json=body, headers=more).status_code


def test_a_bug_is_reported_with_where_it_happened(faulty: Served, reporting: Sink) -> None:
    """A 500 is one event with the route's template, the request's ids, the tenant and the release, and frames."""
    assert letter(faulty, "bug", **{"X-Request-Id": "trial-1"}) == 500
    eventually(lambda: reporting.events)
    [event] = reporting.events
    assert event["release"] == f"esteio@{__version__}"
    assert event["environment"] == "trial"
    assert event["transaction"] == "POST /api/v2/faulty/{letter_id}/letters"
    assert event["tags"]["request_id"] == "trial-1"
    assert event["tags"]["tenant"] == "00000000-0000-7000-8000-000000000001"
    assert len(event["contexts"]["trace"]["trace_id"]) == 32
    [error] = [one for one in event["exception"]["values"] if one["type"] == "KeyError"]
    assert error["stacktrace"]["frames"][-1]["function"] == "fail"


def test_a_report_holds_nothing_that_was_sent(faulty: Served, reporting: Sink) -> None:
    """No secret, address, variable, header, cookie, body, path or query is in the envelope's bytes."""
    faulty.client.cookies.set("session", "cookie-value-1")
    assert letter(faulty, "bug", **{"X-Trial": "header-value-1"}) == 500
    eventually(lambda: reporting.bodies)
    body = b"".join(reporting.bodies).decode()
    for given in (ADMIN_KEY, SECRET, PASSWORD, MAIL, "cookie-value", "header-value", "query-value", "its-id"):
        assert given not in body
    assert '"vars"' not in body
    assert '"request"' not in body
    assert "m***@customers.example" in body


@pytest.mark.parametrize(("kind", "status"), [("away", 503), ("nothing", 404)])
def test_what_is_no_bug_is_no_report(faulty: Served, reporting: Sink, kind: str, status: int) -> None:
    """Refusals and parties that are away are answered, not reported."""
    assert letter(faulty, kind) == status
    assert faulty.client.post("/api/v2/faulty/1/letters", json={"kind": 7}).status_code == 422
    assert faulty.client.get("/api/v2/nowhere").status_code == 404
    assert letter(faulty, "bug") == 500  # what came before it would have been sent before it
    eventually(lambda: reporting.events)
    assert [event["exception"]["values"][-1]["type"] for event in reporting.events] == ["KeyError"]


def test_a_database_that_is_away_is_no_report(house: House, reporting: Sink, free_port: int) -> None:
    """Requests that fail since nothing listens where the database should be are answered with 503 and not reported."""
    nowhere = f"postgresql://esteio@127.0.0.1:{free_port}/esteio"
    with house(services=SERVICES, database_url=nowhere, DATABASE__CONNECT_TIMEOUT="1") as served:
        assert served.client.get("/api/v2/keys").status_code == 503
        assert served.anonymous.get("/readyz").status_code == 503
    flush()
    assert reporting.events == []


def test_a_flood_of_one_bug_is_one_report(faulty: Served, reporting: Sink) -> None:
    """A bug that is met a hundred times within a minute is reported once."""
    assert {letter(faulty, "bug") for _ in range(100)} == {500}
    flush()
    assert len(reporting.of("KeyError")) == 1


def test_repetitions_are_counted_and_the_minute_is_bounded() -> None:
    """After a minute the bug is told again with how often it came; different bugs fill a minute up to its bound."""
    told: list[dict[str, Any]] = []

    class Client:
        capture_event = staticmethod(told.append)

    clock = TurnableClock()
    found = Reports(Client(), 3, now=clock.monotonic)
    for _ in range(5):
        found.tell(_failure(), {})
    assert len(told) == 1
    clock.turn(61)
    found.tell(_failure(), {})
    assert [event["extra"]["repeated"] for event in told] == [0, 4]
    for number in range(10):
        found.tell(_failure(f"bug_{number}"), {})
    assert len(told) == 4


def _failure(name: str = "bug") -> Any:
    spaces: dict[str, Any] = {}
    exec(compile(f"def {name}():\n    raise KeyError('{name}')", name, "exec"), spaces)
    try:
        spaces[name]()
    except KeyError:
        return sys.exc_info()


@pytest.mark.parametrize(
    ("error", "bug"),
    [
        (KeyError("x"), True),
        (FileNotFoundError(errno.ENOENT, "x"), True),
        (OSError(errno.ENOSPC, "x"), False),
        (ConnectionResetError(), False),
        (TimeoutError(), False),
        (Unavailable(), False),
        (KeyboardInterrupt(), False),
        (ExceptionGroup("x", [TimeoutError()]), False),
        (ExceptionGroup("x", [TimeoutError(), KeyError()]), True),
    ],
)
def test_bugs_are_told_from_failures_of_operation(error: BaseException, bug: bool) -> None:
    """Servers, networks, disks and refusals are nobody's bug."""
    assert is_bug(error) is bug


def test_a_silent_sentry_holds_up_nothing(faulty: Served, reporting: Sink) -> None:
    """A report that nobody takes delays neither answers nor, beyond its bound, the end."""
    reporting.held.clear()
    began = time.monotonic()
    assert letter(faulty, "bug") == 500
    assert time.monotonic() - began < 5
    eventually(lambda: reporting.bodies)
    log("esteio.test").error("another", exc_info=_failure("other"))
    began = time.monotonic()
    flush(0.5)
    assert time.monotonic() - began < 3


def test_a_refusing_sentry_is_no_line(faulty: Served, reporting: Sink, capfd: pytest.CaptureFixture[str]) -> None:
    """A place that refuses reports makes no lines of its own, nor further reports."""
    reporting.status = 500
    assert letter(faulty, "bug") == 500
    eventually(lambda: reporting.bodies)
    flush()
    assert "sentry" not in capfd.readouterr().err
    assert len(reporting.bodies) == 1


@pytest.mark.parametrize("dsn", ["nonsense", "http://127.0.0.1/7"])
def test_a_dsn_that_is_none_refuses_the_start(dsn: str) -> None:
    """A DSN that cannot be used is named at the start, not found out with the first bug."""
    with pytest.raises(StartRefused, match="SENTRY_DSN"):
        install(TelemetrySettings(sentry_dsn=dsn))  # type: ignore[arg-type]


def test_a_job_s_bug_is_reported_by_its_worker(
    heard: Sink, new_database: Callable[[], str], new_redis: Callable[[], str]
) -> None:
    """A real worker reports the bug of its job with the job's kind and id, and none for a job that is refused."""
    given = environment(new_database(), new_redis(), TELEMETRY__SENTRY_DSN=heard.dsn)
    place = "tests.telemetry.faulty:SERVICES"
    with running(["scheduler", "--services", place], given), worker(given, queues="io", services=place):
        write_down(given, WRITE, [Letter(kind="away"), Letter(kind="full")])
        [job] = write_down(given, WRITE, [Letter(to=MAIL, password=PASSWORD)])
        eventually(lambda: heard.of("KeyError"), 60)
    [event] = heard.events
    assert event["tags"]["job_kind"] == "faulty.write"
    assert event["tags"]["job"] == str(job)
    assert event["transaction"] == "faulty.write"
    assert PASSWORD.encode() not in b"".join(heard.bodies)
    assert MAIL.encode() not in b"".join(heard.bodies)


def test_without_a_dsn_nothing_is_reported_nor_imported() -> None:
    """The library of Sentry is loaded where reports are asked for, and only there."""
    install(TelemetrySettings())
    assert reports._installed is None
