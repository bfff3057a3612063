"""Whether the running task is within a transaction: then it must not wait for anybody outside."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_OPEN: ContextVar[bool] = ContextVar("esteio_transaction", default=False)


def in_transaction() -> bool:
    """Whether a transaction that the running task has begun, or the one that began this task, is open."""
    return _OPEN.get()


@contextmanager
def within_transaction() -> Iterator[None]:
    """Say that a transaction is open until the block ends."""
    before = _OPEN.get()
    _OPEN.set(True)
    try:
        yield
    finally:
        # Not by a token: the block may end in another task than that in which it began.
        _OPEN.set(before)
