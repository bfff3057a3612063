"""What the sending of mail counts."""

from functools import cache

from prometheus_client import Counter, Histogram

from esteio.telemetry.metrics import SECONDS


@cache
def mails() -> Counter:
    """Outcomes: `accepted`, `refused`, `delayed`, `unavailable`, `uncertain`; `left` where the caller gave up."""
    return Counter("esteio_mails_total", "Mails that were to be sent", ["outcome"])


@cache
def mail_seconds() -> Histogram:
    return Histogram(
        "esteio_mail_duration_seconds",
        "Time from the first look at a letter to the server's last word",
        ["outcome"],
        buckets=(*SECONDS, 30, 60, 120),
    )
