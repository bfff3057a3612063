"""The identity of a run in logs: that of the request which asked for the job."""

from dataclasses import dataclass

from esteio.jobs.tickets import Claimed
from esteio.telemetry.context import new_trace_id
from esteio.telemetry.tracing.span import Span


@dataclass(slots=True)
class JobContext:
    """What a log line says of the run it belongs to."""

    request_id: str
    trace_id: str
    principal: str
    tenant: str
    job: str
    span: Span | None = None

    def who(self) -> tuple[str, str]:
        return self.principal, self.tenant

    @property
    def waited(self) -> float:
        """A run has its own time limit: what it waits for the database is not added up as a request's is."""
        return 0.0

    @waited.setter
    def waited(self, _: float) -> None:
        pass


def context_of(claimed: Claimed) -> JobContext:
    """The context of a run; a job that no request asked for has its own id as request id."""
    return JobContext(
        request_id=claimed.request_id or claimed.id.hex,
        trace_id=claimed.trace_id or new_trace_id(),
        principal=claimed.principal,
        tenant=str(claimed.tenant),
        job=f"{claimed.name}:{claimed.id}",
    )
