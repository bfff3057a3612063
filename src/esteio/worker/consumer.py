"""Celery's consumer with our patience: a broker that returns is noticed in seconds, however long it was away."""

from typing import Any

from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown

from esteio.jobs.relay import BATCH
from esteio.telemetry.logs import log

LONGEST_PAUSE = 2.0


class PatientConsumer(Consumer):
    """Tries to connect about every two seconds; Celery's own pauses grow to half a minute.

    It takes few messages beyond those that run, for many jobs may be in each: what waits here while long jobs run, an
    idle worker cannot have.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        options["initial_prefetch_count"] = max(1, options["initial_prefetch_count"] // BATCH)
        super().__init__(*args, **options)

    def ensure_connected(self, conn: Any) -> Any:
        """The connection, once there is one. Raises `WorkerShutdown` when a stop is asked for meanwhile."""
        conn = conn.ensure_connection(
            self._on_failure, callback=maybe_shutdown, interval_start=0.5, interval_step=0.5, interval_max=LONGEST_PAUSE
        )
        self.first_connection_attempt = False
        return conn

    def _on_failure(self, error: BaseException, pause: float) -> None:
        log("esteio.worker").warning("worker.broker_away", cause=f"{type(error).__name__}: {error}", again_in=pause)
