"""Spans of facts that are taken off the outbox."""

from collections.abc import Sequence

from esteio.events.outbox import Consumer, Fact
from esteio.telemetry.tracing.parents import parent_of
from esteio.telemetry.tracing.span import Span, Value
from esteio.telemetry.tracing.tracing import Tracing


def telling(tracing: Tracing | None, facts: Sequence[Fact], consumer: Consumer) -> Span | None:
    """The span of a consumer's work on facts; `None` where no fact comes from something that is traced.

    One parent has it as a child. Where facts of several traces are told together, it is a trace of its own that links
    to each of them.
    """
    if tracing is None or not tracing.on:
        return None
    parents = [parent for parent in {parent_of(fact.traceparent) for fact in facts} if parent is not None]
    if not parents:
        return None
    name = f"{consumer} {facts[0].name}" if len(facts) == 1 else f"{consumer} outbox"
    said: dict[str, Value] = {
        "messaging.system": "esteio",
        "messaging.destination.name": "outbox",
        "messaging.consumer.group.name": consumer,
        "messaging.operation.type": "process",
        "messaging.operation.name": consumer,
    }
    if len(facts) > 1:
        said["messaging.batch.message_count"] = len(facts)
    if len(parents) == 1:
        return tracing.root(name, "consumer", said, parent=parents[0])
    return tracing.root(name, "consumer", said, links=parents)
