"""What a process counts in memory: of what, how much at most, and at which cost."""

import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from esteio.base.clock import Clock, SystemClock, TurnableClock
from esteio.base.principal import DEFAULT_TENANT
from esteio.traffic.minutes import KEPT_MINUTES, MINUTE
from esteio.traffic.tally import MOST_ROWS, Tally, Unwritten
from tests.traffic.counting import ROUTE, count, ended

MICROSECONDS = 5.0
"""A request costs about one; a busy machine is given more."""


def rows(tally: Tally) -> list[tuple[str, dict[str, Any]]]:
    return [(each.tenant, each.values) for each in tally.unwritten()]


def mark(tally: Tally) -> list[Unwritten]:
    """Write everything, as far as the tally knows; what was written."""
    found = list(tally.unwritten())
    for each in found:
        each.mark()
    tally.let_go()
    return found


def test_each_is_counted_where_it_belongs() -> None:
    """Tenant, method, route and minute have a row each, in which answers are told apart by class."""
    clock, other = TurnableClock(datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)), uuid4()
    tally = Tally(clock)
    for status in (200, 201, 301, 404, 429, 500, 101, 0):
        count(tally, 2, status=status, sent=10)
    count(tally, 1, method="POST")
    count(tally, 1, tenant=other)
    clock.turn(30)
    count(tally, 3)
    found = rows(tally)
    assert [(each["at"], each["method"], sum(each["counts"])) for _, each in found] == [
        ("2026-03-01T12:00:00+00:00", "GET", 16),
        ("2026-03-01T12:00:00+00:00", "POST", 1),
        ("2026-03-01T12:00:00+00:00", "GET", 1),
        ("2026-03-01T12:01:00+00:00", "GET", 3),
    ]
    assert [name for name, _ in found] == [str(DEFAULT_TENANT)] * 2 + [str(other), str(DEFAULT_TENANT)]
    classes = ("unanswered", "informational", "successful", "redirected", "refused", "failed", "limited", "sent")
    assert [found[0][1][name] for name in classes] == [2, 2, 4, 2, 4, 2, 2, 160]


def test_machines_are_counted_one_by_one() -> None:
    """A key's and a client's requests have a row each and minute, whatever they asked; people's have none."""
    clock, key, client = TurnableClock(datetime(2026, 3, 1, 12, tzinfo=UTC)), uuid4(), uuid4()
    tally = Tally(clock)
    for status, path in ((200, "/a"), (429, "/b"), (500, "/a")):
        count(tally, 2, status=status, route=path, key=key, sent=5)
    count(tally, 1, client=client)
    count(tally, 4)
    clock.turn(MINUTE)
    count(tally, 3, key=key)
    names = ("caller", "successful", "refused", "limited", "failed", "sent")
    assert [[each.values[name] for name in names] for each in tally.unwritten_callers()] == [
        [f"key:{key}", 2, 2, 2, 2, 30],
        [f"client:{client}", 1, 0, 0, 0, 0],
        [f"key:{key}", 3, 0, 0, 0, 0],
    ]


def test_too_many_machines_are_counted_together() -> None:
    """More callers than the bound have no row of their own, and are counted; their requests are in the routes' rows."""
    tally = Tally(TurnableClock(), most_callers=2)
    for _ in range(5):
        count(tally, 2, key=uuid4())
    assert [each.total for each in tally.unwritten_callers()] == [2 * 1, 2 * 1]
    assert [each.total for each in tally.unwritten()] == [10]
    assert tally.losses() == (0, 6)


def test_what_streams_has_no_latency() -> None:
    """A stream is a request, and how long it was open is in no quantile."""
    tally = Tally(TurnableClock())
    count(tally, 2, seconds=3600.0, streams=True)
    ((_, only),) = rows(tally)
    assert (only["successful"], only["counts"]) == (2, [])


def test_unknown_paths_are_one_route() -> None:
    """Ten thousand paths that lead nowhere, by whatever method, are one row."""
    tally = Tally(TurnableClock())
    for number in range(10_000):
        tally.ended(ended(route=None, method=f"M{number % 50}", path=f"/{uuid4()}", status=404), 0.001)
    ((_, only),) = rows(tally)
    assert (only["method"], only["route"], only["refused"]) == ("*", "(none)", 10_000)
    assert tally.lost == 0


def test_what_does_not_fit_is_lost_and_counted() -> None:
    """More rows than the bound are not held; requests of those that are held are counted on."""
    tally = Tally(TurnableClock(), most=3)
    for number in range(5):
        count(tally, 4, route=f"{ROUTE}/{number}")
    count(tally, 1, route=f"{ROUTE}/0")
    assert [each["successful"] for _, each in rows(tally)] == [5, 4, 4]
    assert tally.lost == 8


def test_what_is_written_makes_room() -> None:
    """A minute that is over and written is let go of; the running one is kept and written on."""
    clock = TurnableClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    tally = Tally(clock, most=2)
    count(tally, 1)
    mark(tally)
    count(tally, 1)
    (again,) = mark(tally)
    assert again.values["successful"] == 2, "a row is written whole"
    assert mark(tally) == []
    clock.turn(MINUTE)
    tally.let_go()
    count(tally, 1, route="/a")
    count(tally, 1, route="/b")
    assert tally.lost == 0


def test_what_cannot_be_written_for_long_is_given_up() -> None:
    """A minute that waited half an hour is lost, as far as it was not written, and its loss is counted."""
    clock = TurnableClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    tally = Tally(clock)
    count(tally, 2)
    mark(tally)
    count(tally, 3)
    clock.turn((KEPT_MINUTES - 1) * MINUTE)
    tally.let_go()
    assert (len(rows(tally)), tally.lost) == (1, 0)
    clock.turn(MINUTE)
    tally.let_go()
    assert (rows(tally), tally.lost) == ([], 3)


class _Back(TurnableClock):
    """A clock that can be set back."""

    def set_back(self, seconds: float) -> None:
        self._now = datetime.fromtimestamp(self.timestamp() - seconds, UTC)


def test_a_clock_that_goes_back_begins_no_minute_anew() -> None:
    """What was let go of would be overwritten if its minute began again: a later one is counted in instead."""
    clock = _Back(datetime(2026, 3, 1, 12, tzinfo=UTC))
    tally, seen = Tally(clock), list[str]()
    for turn in (0, MINUTE, MINUTE):
        clock.turn(turn)
        count(tally, 1)
        seen += [str(each.values["at"]) for each in mark(tally)]
    clock.turn(MINUTE)
    tally.let_go()
    clock.set_back(3 * MINUTE)
    for _ in range(2):
        count(tally, 1)
        seen += [str(each.values["at"]) for each in mark(tally)]
        clock.turn(MINUTE)
    assert sorted(set(seen[:3])) == seen[:3]
    assert len(seen) == 5 and not set(seen[3:]) & set(seen[:3])


def _microseconds(clock: Clock) -> float:
    tally, exchange, number = Tally(clock), ended(key=uuid4()), 50_000
    begun = time.perf_counter()
    for _ in range(number):
        tally.ended(exchange, 0.00123)
    return (time.perf_counter() - begun) / number * 1e6


def test_counting_is_cheap() -> None:
    """A request costs about a microsecond, a machine's too."""
    assert min(_microseconds(SystemClock()) for _ in range(10)) < MICROSECONDS


def test_the_bound_is_ten_megabytes_or_so() -> None:
    """All rows that may be held together are small enough to be held by every process."""
    tally = Tally(TurnableClock())
    count(tally, 1)
    (only,) = tally.unwritten()
    assert only.row.__sizeof__() * MOST_ROWS < 16 * 2**20
