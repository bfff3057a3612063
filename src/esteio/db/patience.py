"""How long one request waits for the database: all that it asks together, not each question anew."""

import time
from types import TracebackType

from esteio.telemetry.context import Context, current


class Patience:
    """`with Patience(most, in_all) as seconds:` gives the time that may be waited here.

    That is `most`, or what is left of `in_all` after what the same request has waited before. Outside a request it is
    `most`.
    """

    __slots__ = ("_began", "_context", "_seconds")

    def __init__(self, most: float, in_all: float) -> None:
        self._context: Context | None = current.get()
        self._seconds = most if self._context is None else max(0.0, min(most, in_all - self._context.waited))

    def __enter__(self) -> float:
        self._began = time.monotonic()
        return self._seconds

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._context is not None:
            self._context.waited += time.monotonic() - self._began
