"""A small process that counts as those of a server do: `python -m tests.telemetry.metrics.counting NUMBER [wait]`.

It says "counted" once it has, and then waits for its end where it is told to.
"""

import sys
import time

from prometheus_client import Counter, Gauge, Histogram

from esteio.telemetry.metrics import SECONDS, enter
from esteio.telemetry.metrics.exemplars import OWN

TRACE = "0123456789abcdef0123456789abcdef"


def main() -> None:
    number, waits = float(sys.argv[1]), "wait" in sys.argv
    enter("counting")
    counted = Counter("esteio_trial_total", "Trials", ["label"])
    seconds = Histogram("esteio_trial_seconds", "Trials", ["label"], buckets=SECONDS)
    counted.labels("a").inc(number)
    seconds.labels("a").observe(0.02)
    Gauge("esteio_trial_open", "Open", multiprocess_mode="livesum").set(number)
    Gauge("esteio_trial_last", "Last", multiprocess_mode="max").set(number)
    OWN.note("esteio_trial_seconds", (("label", "a"),), SECONDS, 0.02, TRACE)
    OWN.tell()
    print("counted", flush=True)
    if waits:
        time.sleep(60)


if __name__ == "__main__":
    main()
