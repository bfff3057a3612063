"""The requests that this process has answered, counted in memory until they are written down."""

from collections.abc import Iterator
from math import log2
from typing import NamedTuple

from esteio.base.clock import Clock
from esteio.http.exchange import Exchange
from esteio.traffic.histogram import CELLS, LEAST, OFFSET, PER_OCTAVE
from esteio.traffic.minutes import FIRST, LIMITED, MINUTE, SENT, WRITTEN, Minutes, Row

UNROUTED = ("*", "(none)")
"""Method and route of every request for which there is no operation, whatever it asked for."""

MOST_ROWS = 10_000
"""Rows that are held at once, of 1 KiB each: what does not fit is lost, and its loss is counted."""

MOST_CALLERS = 10_000
"""The same of callers, of 150 bytes each."""

CALLERS = frozenset({"api_key", "client"})
"""Who is counted one by one: what a tenant gave to machines."""

LIMITING = 429


class Unwritten(NamedTuple):
    """A row as it is now: `total` is what will have been written once it is."""

    row: Row
    total: int
    tenant: str
    values: dict[str, object]

    def mark(self) -> None:
        """It was written, as it was then."""
        self.row[WRITTEN] = self.total


class Tally:
    """Counts by minute, tenant, method and route; and by minute, tenant and caller where a machine called.

    `lost` is how many requests it could not keep count of.
    """

    def __init__(self, clock: Clock, most: int = MOST_ROWS, most_callers: int = MOST_CALLERS) -> None:
        self._now = clock.timestamp
        self._routes: Minutes[tuple[str, str, str]] = Minutes(FIRST + CELLS, most)
        self._callers: Minutes[tuple[str, str]] = Minutes(FIRST, most_callers)
        self._minute = -1
        self._until = float("-inf")

    @property
    def lost(self) -> int:
        return self._routes.lost

    def losses(self) -> tuple[int, int]:
        """`lost`, and how many requests were counted without their caller."""
        return self._routes.lost, self._callers.lost

    def ended(self, exchange: Exchange, seconds: float) -> None:
        """Count a request whose answer has left after so long. It neither waits nor fails."""
        now = self._now()
        if now >= self._until:
            self._turn(now)
        operation, principal, status = exchange.operation, exchange.principal, exchange.status
        tenant = principal.tenant_text
        if principal.proof in CALLERS:
            caller = (tenant, principal.id)
            row = self._callers.rows.get(caller) or self._callers.new(caller)
            if row is not None:
                row[status // 100] += 1
                row[SENT] += exchange.sent
                if status == LIMITING:
                    row[LIMITED] += 1
        key = (tenant, *UNROUTED) if operation is None else (tenant, operation.method, operation.path)
        row = self._routes.rows.get(key) or self._routes.new(key)
        if row is None:
            return
        row[status // 100] += 1
        row[SENT] += exchange.sent
        if status == LIMITING:
            row[LIMITED] += 1
        if operation is not None and operation.rules.streams:
            return  # how long somebody listened is nobody's latency
        # What `histogram.cell` does, written out where every request passes.
        cell = int(log2(seconds) * PER_OCTAVE + OFFSET) if seconds > LEAST else 0
        row[FIRST + cell if cell < CELLS else -1] += 1

    def unwritten(self) -> Iterator[Unwritten]:
        """The rows of routes that have changed since they were written, oldest first, whole."""
        for at, (tenant, method, route), row, total in self._routes.changed():
            cells = [number for number, count in enumerate(row[FIRST:]) if count]
            histogram = {"cells": cells, "counts": [row[FIRST + number] for number in cells]}
            yield Unwritten(
                row, total, tenant, {"at": at, "method": method, "route": route, **_values(row), **histogram}
            )

    def unwritten_callers(self) -> Iterator[Unwritten]:
        """The same of callers."""
        for at, (tenant, caller), row, total in self._callers.changed():
            yield Unwritten(row, total, tenant, {"at": at, "caller": caller, **_values(row)})

    def let_go(self) -> None:
        """Forget the minutes that are over and written, and those that are too old to be written any more."""
        now = self._now()
        running = None if now >= self._until else self._minute
        for minutes in (self._routes, self._callers):
            minutes.let_go(int(now // MINUTE), running)
        if running is None:
            self._until = float("-inf")

    def _turn(self, now: float) -> None:
        """Begin a minute: always a later one, since what was let go of must not be begun anew."""
        self._minute = max(int(now // MINUTE), self._minute + 1)
        self._until = (self._minute + 1) * MINUTE
        self._routes.turn(self._minute)
        self._callers.turn(self._minute)


def _values(row: Row) -> dict[str, int]:
    return {
        "unanswered": row[0],
        "informational": row[1],
        "successful": row[2],
        "redirected": row[3],
        "refused": row[4],
        "failed": row[5],
        "limited": row[LIMITED],
        "sent": row[SENT],
    }
