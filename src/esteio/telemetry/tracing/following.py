"""Work that a traced request began and that goes on without it."""

from esteio.telemetry.context import Context, current, present_span
from esteio.telemetry.tracing.span import Span


class Following:
    """The identity of such work: it is nobody's request, and its spans belong to the one that began it."""

    __slots__ = ("request_id", "span", "trace_id")

    def __init__(self, request_id: str, span: Span) -> None:
        self.request_id = request_id
        self.trace_id = span.trace
        self.span = span

    def who(self) -> tuple[str, str]:
        return "", ""

    @property
    def waited(self) -> float:
        """What it waits for is not added up as a request's waiting is."""
        return 0.0

    @waited.setter
    def waited(self, _: float) -> None:
        pass


def following() -> Context | None:
    """The identity for work that begins now; `None` where nothing is traced."""
    context = current.get()
    return None if context is None or context.span is None else Following(context.request_id, present_span())
