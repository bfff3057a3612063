"""The access log: one line a request, in the shape of every other line, at a tenth of the cost of a log call."""

import asyncio
import json
from functools import lru_cache

from esteio.telemetry import output

_FLUSH_AFTER = 0.2
_FLUSH_LINES = 256


class AccessLog:
    """Collects lines and writes them together, at the latest 0.2 s after the first and when the process ends.

    `for_people` leaves out tenant, trace and span, and writes the rest as in a terminal.
    """

    def __init__(self, *, for_people: bool = False) -> None:
        self._frame = _sentence if for_people else _object
        self._lines: list[str] = []
        self._timer: asyncio.TimerHandle | None = None

    def write(
        self,
        operation: tuple[str, str],
        status: int,
        seconds: float,
        size: int,
        who: tuple[str, str],
        address: str,
        request: tuple[str, str],
        timestamp: str,
        span: str = "",
    ) -> None:
        """Add a line. `operation` is method and route template, `who` principal and tenant, `request` its id and its
        trace's, both of characters that need no escape; `span` is the id of its span, where it is traced.
        """
        principal, tenant = who
        lines = self._lines
        line = self._frame(*operation) % (
            timestamp,
            status,
            seconds * 1000,
            size,
            _escaped(principal),
            tenant,
            _escaped(address),
            *request,
        )
        if span and self._frame is _object:
            line = f'{line[:-2]},"span_id":"{span}"}}\n'
        lines.append(line)
        if len(lines) == 1:
            self._timer = asyncio.get_running_loop().call_later(_FLUSH_AFTER, self.flush)
        elif len(lines) >= _FLUSH_LINES:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._lines = self._lines, []
        if lines:
            output.write("".join(lines))


@lru_cache(maxsize=1024)
def _object(method: str, route: str) -> str:
    fixed = {"event": "request", "level": "info", "logger": "esteio.access", "method": method, "route": route}
    return (
        json.dumps(fixed, separators=(",", ":"))[:-1].replace("%", "%%")
        + ',"timestamp":"%s","status":%d,"ms":%.2f,"bytes":%d,"principal":"%s","tenant":"%s","address":"%s",'
        '"request_id":"%s","trace_id":"%s"}\n'
    )


@lru_cache(maxsize=1024)
def _sentence(method: str, route: str) -> str:
    """In the columns of the console's other lines. `%.0s` passes over what is not shown."""
    request = f"{method} {route}".replace("%", "%%")
    return "%s [info     ] " + f"{request:<40}" + " %d %8.2f ms %7d B  %s%.0s %s  request_id=%s%.0s\n"


@lru_cache(maxsize=4096)
def _escaped(text: str) -> str:
    return json.dumps(text)[1:-1]
