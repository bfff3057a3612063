"""Spans of jobs, in the words of OpenTelemetry's conventions for messaging: enqueued, carried, run.

A job keeps the `traceparent` of the span that enqueued it. The relay's span and those of its runs are that one's
children; a run after another also links to the one before.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from esteio.jobs.context import JobContext
from esteio.jobs.kinds import JobKind
from esteio.jobs.tickets import Claimed
from esteio.telemetry.tracing.parents import parent_of
from esteio.telemetry.tracing.span import Nothing, Span, Value
from esteio.telemetry.tracing.spans import span
from esteio.telemetry.tracing.tracing import Tracing

FAILURES = ("failed", "retrying", "lost")


def enqueuing(kind: JobKind[Any], jobs: int) -> Span | Nothing:
    """The span of the statement that writes so many jobs of a kind down."""
    return span(f"enqueue {kind.name}", "producer", **_said(kind.queue, "send", "enqueue"), **_count(jobs))


def carrying(tracing: Tracing, queue: str, parents: Mapping[UUID, str]) -> list[Span]:
    """The hop over the broker, for each job of a traced request."""
    return [
        tracing.root(
            f"carry {queue}",
            "producer",
            {**_said(queue, "send", "carry"), "messaging.message.id": str(job)},
            parent=parent_of(parent),
        )
        for job, parent in parents.items()
    ]


def running(tracing: Tracing, claimed: Claimed, context: JobContext, queue: str) -> Span | None:
    """The span of a run, `None` where it is not traced.

    What a request asked for is traced as that request is; what nobody asked for, such as a schedule, by the ratio.
    """
    if not tracing.on:
        return None
    parent = parent_of(claimed.traceparent)
    if parent is None and (claimed.trace_id is not None or not tracing.samples(context.trace_id)):
        return None
    attributes: dict[str, Value] = {
        **_said(queue, "process", "run"),
        "messaging.message.id": str(claimed.id),
        "esteio.job.kind": claimed.name,
        "esteio.job.attempt": claimed.attempts,
        "esteio.tenant": context.tenant,
    }
    before = parent_of(claimed.run_traceparent)
    return tracing.root(
        f"run {claimed.name}",
        "consumer",
        attributes,
        trace=context.trace_id,
        parent=parent,
        links=() if before is None else (before,),
    )


def note_end(span: Span, ended: str) -> None:
    """How the run ended, as `esteio_job_runs_total` counts it."""
    span.set("esteio.job.ended", ended)
    if ended in FAILURES:
        span.fail(ended)


def _said(queue: str, kind: str, operation: str) -> dict[str, Value]:
    return {
        "messaging.system": "esteio",
        "messaging.destination.name": queue,
        "messaging.operation.type": kind,
        "messaging.operation.name": operation,
    }


def _count(jobs: int) -> dict[str, Value]:
    return {"messaging.batch.message_count": jobs} if jobs > 1 else {}
