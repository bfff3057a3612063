"""Times as HTTP and JSON write them."""

from datetime import UTC, datetime
from email.utils import format_datetime

from esteio.base.clock import Clock


def rfc3339(moment: datetime) -> str:
    """`2026-11-21T10:30:00Z`, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def http_date(moment: datetime) -> str:
    """`Sat, 21 Nov 2026 10:30:00 GMT` (RFC 9110, section 5.6.7)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


class SecondStamp:
    """The present as `rfc3339`, written anew only once a second."""

    def __init__(self, clock: Clock) -> None:
        self._timestamp = clock.timestamp
        self._second = -1
        self._text = b""

    def present(self) -> bytes:
        second = int(self._timestamp())
        if second != self._second:
            self._second, self._text = second, rfc3339(datetime.fromtimestamp(second, UTC)).encode()
        return self._text
