"""Reports of bugs to Sentry, or whatever speaks its protocol: each bug once in a while, nothing that was sent to us.

Whatever writes an error with an exception reports it by that; operational failures are no reports (`failures.is_bug`).
"""

import asyncio
import logging
import os
import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

from prometheus_client import Counter

from esteio import __version__
from esteio.base.errors import StartRefused
from esteio.telemetry.context import current
from esteio.telemetry.envelopes import event_of
from esteio.telemetry.failures import Failure, is_bug
from esteio.telemetry.settings import TelemetrySettings

AGAIN = 60.0
"""Seconds in which a bug that was reported is counted only."""

_KNOWN = 500
"""Bugs that are told apart."""

QUEUE = 50
"""Reports of a process that wait to be sent; more are dropped."""


@cache
def reports() -> Counter:
    return Counter("esteio_error_reports_total", "Bugs: reported, repeated within a minute, or dropped", ["outcome"])


class Reports:
    """One per process. `client` is Sentry's; `most` bounds the reports of a minute, whatever fails how often."""

    def __init__(self, client: Any, most: int, sample: float = 1.0, now: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._most = most
        self._sample = sample
        self._now = now
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[object, ...], tuple[float, int]] = OrderedDict()
        self._minute = (-1, 0)

    def tell(self, failure: Failure, line: dict[str, object]) -> None:
        """Report a bug; nothing of what happens here reaches whoever failed. It does not wait for the network."""
        try:
            if not is_bug(failure[1]):
                return
            repeated = self._admitted(_identity(failure))
            if repeated is None:
                reports().labels("repeated").inc()
            elif repeated < 0:
                reports().labels("dropped").inc()
            else:
                self._client.capture_event(event_of(failure, line, current.get(), repeated))
                reports().labels("reported").inc()
        except Exception:
            # A line about it would be a failure to report in its turn.
            reports().labels("dropped").inc()

    def flush(self, seconds: float) -> None:
        """Send what waits, for so many seconds at most."""
        # Sentry's own waiting can take longer where its thread is in a call.
        sending = threading.Thread(target=self._client.flush, kwargs={"timeout": seconds}, daemon=True)
        sending.start()
        sending.join(seconds)

    def _admitted(self, identity: tuple[object, ...]) -> int | None:
        """How often it came unreported since the last time; `None` while it is too early, -1 where it is left out."""
        with self._lock:
            now = self._now()
            at, times = self._seen.get(identity, (-AGAIN, 0))
            if now - at < AGAIN:
                self._seen[identity] = at, times + 1
                return None
            if not self._has_room(int(now // 60)):
                return -1
            self._seen[identity] = now, 0
            self._seen.move_to_end(identity)
            if len(self._seen) > _KNOWN:
                self._seen.popitem(last=False)
        return times if random.random() < self._sample else -1  # noqa: S311 - a sample, no secret

    def _has_room(self, minute: int) -> bool:
        told = self._minute[1] if self._minute[0] == minute else 0
        self._minute = minute, told + 1
        return told < self._most


def _identity(failure: Failure) -> tuple[object, ...]:
    """What makes two failures one bug: the kind, and where it was raised."""
    kind, _, trace = failure
    places: list[tuple[str, int]] = []
    while trace is not None:
        places.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    return (kind, *places[-4:])


_installed: Reports | None = None


def install(settings: TelemetrySettings) -> None:
    """Report this process's bugs from now on, where the settings name a place for that.

    Raises `StartRefused` where the library is not installed or the DSN is none.
    """
    global _installed
    dsn = settings.sentry_dsn.get_secret_value()
    if not dsn:
        _installed = None
        return
    if find_spec("sentry_sdk") is None:
        raise StartRefused("Errors cannot be reported: install esteio[sentry], or unset ESTEIO_TELEMETRY__SENTRY_DSN.")
    _installed = Reports(_client(settings, dsn), settings.sentry_most, settings.sentry_sample_rate)


def report(failure: Failure, line: dict[str, object]) -> None:
    """Tell of an exception that a line of level error was written for."""
    if _installed is not None:
        _installed.tell(failure, line)


def flush(seconds: float = 2.0) -> None:
    """Send what waits before the process ends, for so many seconds at most."""
    if _installed is not None:
        _installed.flush(seconds)


async def flush_later() -> None:
    """The same without holding the event loop."""
    if _installed is not None:
        await asyncio.to_thread(flush)


def _client(settings: TelemetrySettings, dsn: str) -> Any:
    # Only processes that report pay for the library.
    import sentry_sdk

    for library in ("sentry_sdk", "sentry_sdk.errors", "urllib3"):  # each report that is lost would be a line or two
        logging.getLogger(library).setLevel(logging.CRITICAL)
    try:
        return sentry_sdk.Client(
            dsn=dsn,
            environment=settings.sentry_environment,
            release=settings.sentry_release or f"esteio@{__version__}",
            server_name=os.uname().nodename,
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            max_breadcrumbs=0,
            max_request_body_size="never",
            auto_session_tracking=False,
            send_client_reports=False,
            transport_queue_size=QUEUE,
            shutdown_timeout=0,
        )
    except ValueError as error:  # its own kind of a DSN that is none
        raise StartRefused("ESTEIO_TELEMETRY__SENTRY_DSN is no DSN: https://key@host/project.") from error
