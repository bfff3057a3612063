"""Spans of what happens within a request or a run: `with span("pets.groom", species="dog"):`."""

from esteio.telemetry.context import present_span
from esteio.telemetry.tracing.span import NOTHING, Kind, Nothing, Span, Value


def span(name: str, /, kind: Kind = "internal", **attributes: Value) -> Span | Nothing:
    """A span for the time of a `with` block, as a child of the block or request around it.

    Where the request is not traced it is nothing, and costs next to nothing. Names are few (`pets.groom`, never
    `pets.groom 17`); attributes are texts, numbers and truth values, none of them a secret or about a person: their
    masking is the last resort. An exception that leaves the block marks it as failed.
    """
    parent = present()
    return NOTHING if parent is None else parent.child(name, kind, attributes)


def present() -> Span | None:
    """The span that the running task is in; `None` where nothing is traced."""
    found: Span | None = present_span()
    return found


def traceparent() -> str | None:
    """What is kept with things that will be done later, so that they belong to the same trace."""
    found = present()
    return None if found is None else found.traceparent
