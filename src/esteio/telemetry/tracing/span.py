"""One span: something that took time, within a trace."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Literal, Protocol, Self

from esteio.telemetry.context import active, new_span_id
from esteio.telemetry.tracing.parents import Parent

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Value = str | bool | int | float
Receiver = Literal["party", "webhook"]
SERVER_FAILS = 500


class Home(Protocol):
    """Where spans go when they have ended, and who may learn of them."""

    def finished(self, span: "Span") -> None: ...

    def told_to(self, receiver: Receiver) -> bool: ...


class Span:
    """As a context manager it is the parent of what begins inside, and ends with the block.

    `root` is the id of the first span of this process in its trace. Attributes are masked when they are sent, not
    before. Not for several threads.
    """

    __slots__ = (
        "_before",
        "_clock",
        "attributes",
        "began",
        "error",
        "home",
        "id",
        "kind",
        "links",
        "name",
        "parent",
        "root",
        "took",
        "trace",
    )

    def __init__(
        self,
        home: Home,
        name: str,
        trace: str,
        parent: str,
        kind: Kind,
        attributes: dict[str, Value],
        root: str = "",
        links: Sequence[Parent] = (),
    ) -> None:
        self.home = home
        self.name = name
        self.trace = trace
        self.parent = parent
        self.kind = kind
        self.attributes = attributes
        self.links = links
        self.id = new_span_id()
        self.root = root or self.id
        self.error = ""
        self.took = -1
        self.began = time.time_ns()
        self._clock = time.perf_counter_ns()

    def child(self, name: str, kind: Kind, attributes: dict[str, Value]) -> "Span":
        """A span that begins now and belongs to this one."""
        return Span(self.home, name, self.trace, self.id, kind, attributes, self.root)

    def began_before(self, seconds: float) -> None:
        """It began so long ago, and is told of only now."""
        nanoseconds = int(seconds * 1e9)
        self.began -= nanoseconds
        self._clock -= nanoseconds

    def set(self, name: str, value: Value) -> None:
        """Say more of it; what is said last counts."""
        self.attributes[name] = value

    def fail(self, error: BaseException | str) -> None:
        """It failed. The first cause counts, by its class alone: words of an exception may hold anything.

        A refusal that is the caller's doing (a status below 500) is named and is no failure.
        """
        if isinstance(error, str):
            self.error = self.error or error
        elif getattr(error, "status", SERVER_FAILS) >= SERVER_FAILS:
            self.error = self.error or type(error).__name__
        else:
            self.attributes.setdefault("error.type", type(error).__name__)

    def end(self) -> None:
        """Send it on; harmless when repeated."""
        if self.took < 0:
            self.took = time.perf_counter_ns() - self._clock
            self.home.finished(self)

    @property
    def traceparent(self) -> str:
        """What tells another process to go on under this span (W3C Trace Context)."""
        return f"00-{self.trace}-{self.id}-01"

    def headers(self, receiver: Receiver) -> dict[str, str]:
        """The header fields that carry the trace on, where the operator lets such a receiver know of it."""
        return {"traceparent": self.traceparent} if self.home.told_to(receiver) else {}

    def __enter__(self) -> Self:
        self._before = active.get()
        active.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        active.set(self._before)
        if error is not None and not isinstance(error, GeneratorExit):
            self.fail(error)
        self.end()


class Nothing:
    """What a block has in place of a span where nothing is traced."""

    __slots__ = ()
    traceparent = None

    def set(self, name: str, value: Value) -> None:
        """Nothing."""

    def fail(self, error: BaseException | str) -> None:
        """Nothing."""

    def headers(self, receiver: Receiver) -> dict[str, str]:
        return {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


NOTHING = Nothing()
