"""What callers receive about traffic. Times of answers are in milliseconds, `null` where none was measured."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from esteio.base.schema import View
from esteio.traffic.periods import Period, Unit


class LatencyView(View):
    """Quantiles, at most 7.2 % off. What streams has none: how long somebody listens is not how long one waits."""

    p50: float | None
    p95: float | None
    p99: float | None


class FiguresView(View):
    requests: int
    rate_per_second: float = Field(description="Requests per second over the whole period")
    error_rate: float = Field(description="Share of answers of 500 to 599, from 0 to 1")
    latency_ms: LatencyView
    limited: int = Field(description="Answers of 429, which are among the 4xx too")
    by_status: dict[str, int] = Field(
        description="By class; `none` are requests whose caller was gone before an answer began",
        examples=[{"2xx": 120, "4xx": 3}],
    )
    bytes_sent: int = Field(description="Bytes of bodies")


class RouteView(FiguresView):
    method: str
    route: str = Field(description="The template; `(none)` is every address that there is no operation at")


class TenantView(FiguresView):
    tenant: UUID
    slug: str | None


class PointView(View):
    at: datetime = Field(description="When it begins; it lasts one unit of the resolution")
    requests: int
    errors: int
    limited: int = Field(description="Answers of 429")
    p50: float | None = Field(description="Milliseconds, as the next two")
    p95: float | None
    p99: float | None


class UnderWayView(View):
    waiting: int
    running: int
    longest_wait: float = Field(description="Seconds for which the longest waiting job has been due")


class JobsView(UnderWayView):
    ended: int = Field(description="In the period, well or not, as far as jobs are kept")
    failed: int = Field(description="In the period, for good")
    dead: int = Field(description="Failed for good, and neither tried again nor removed since")


class DeliveriesView(View):
    """Of webhooks, not delivered yet and not given up."""

    waiting: int
    longest_wait: float = Field(description="Seconds for which the longest waiting one has been due")


class FilesView(View):
    number: int
    bytes: int


class TenantUseView(View):
    """What belongs to the tenant: its jobs, and the files that are kept for it."""

    jobs: JobsView
    files: FilesView
    deliveries: DeliveriesView


class ProcessView(View):
    """A process that was seen in the period; the most is over the period, the rest as it was seen last."""

    name: str
    kind: str = Field(description="`api`, `worker` or `scheduler`")
    seen_at: datetime
    cpu_seconds: float = Field(description="Since its start")
    cpu_share: float | None = Field(description="Of one core, over the period; null where it was seen once")
    memory_bytes: int
    most_memory_bytes: int
    open_files: int | None
    loop_lag_ms: float = Field(description="The latest that its event loop was")
    connections: int = Field(description="The most connections to the database that were in use when looked at")
    most_connections: int


class ResourcesView(View):
    """`tenant` is null where all tenants are shown, `processes` for everyone but operators."""

    tenant: TenantUseView | None
    processes: list[ProcessView] | None


class BacklogView(View):
    """What the whole house had before it: the most that was seen in the unit, null where nobody looked."""

    at: datetime
    outbox_lag: float | None = Field(description="Seconds for which the oldest fact that is not told yet has waited")
    outbox_waiting: int | None = Field(description="Facts that are not told yet, each once for each consumer")
    jobs_waiting: int | None
    jobs_running: int | None
    jobs_dead: int | None = Field(description="Failed for good, and neither tried again nor removed since")
    oldest_job: float | None = Field(description="Seconds for which the longest waiting job has been due")
    deliveries_waiting: int | None = Field(description="Of webhooks")


class TrafficView(View):
    """`from` is the beginning of a unit of the resolution (UTC), so that whole units are shown, and the running one."""

    period: Period
    begin: datetime = Field(alias="from")
    to: datetime
    resolution: Unit
    totals: FiguresView
    routes: list[RouteView] = Field(description="Those with most requests, at most 100")
    routes_in_all: int
    tenants: list[TenantView] | None = Field(description="Those with most requests, at most 100; all tenants only")
    tenants_in_all: int | None
    series: list[PointView]
    resources: ResourcesView
    work: list[BacklogView] | None = Field(description="A point for each unit; null for everyone but operators")


class CalledView(View):
    requests: int
    errors: int = Field(description="Answers of 500 to 599")
    refused: int = Field(description="Answers of 400 to 499")
    limited: int = Field(description="Answers of 429, which are among the refused too")


class CalledInAllView(CalledView):
    bytes_sent: int = Field(description="Bytes of bodies")


class CalledPointView(CalledView):
    at: datetime = Field(description="When it begins; it lasts one unit of the resolution")


class UsageView(View):
    """How much a key or client was used, and how its requests were answered."""

    period: Period
    begin: datetime = Field(alias="from")
    to: datetime
    resolution: Unit
    totals: CalledInAllView
    last_used_at: datetime | None = Field(description="As the key or client itself shows it")
    series: list[CalledPointView]
