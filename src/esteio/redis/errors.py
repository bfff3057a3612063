"""What a caller of Redis must be ready for."""

from collections.abc import Iterable
from typing import Any

from redis.exceptions import (
    ClusterDownError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)

from esteio.base.errors import Unavailable

UNFIT: tuple[type[RedisError], ...] = (ClusterDownError, OutOfMemoryError, ReadOnlyError)
"""Answers of a server that lives but cannot serve: of a Cluster with a part missing or of a replica without its primary
(which is one of these), full, a replica. The library takes the code that these begin with off their text."""

UNFIT_WORDS = ("MISCONF ", "NOREPLICAS ", "UNBLOCKED ", "BUSY ", "DENIED ", "max number of clients")
"""How those answers begin that the library knows no class for; the last is a node's of a Cluster."""


class RedisUnavailable(Unavailable):
    """Redis did not answer in time, refused, or was known to be down: a 503 wherever nobody handles it."""

    def __init__(self, operator: str) -> None:
        super().__init__("A fast store that this operation needs is unavailable.", retry_after=1, operator=operator)


def unfit(error: ResponseError) -> bool:
    """Whether the answer says that the server cannot serve now, rather than that the command was wrong."""
    return isinstance(error, UNFIT) or str(error).startswith(UNFIT_WORDS)


def on_their_way(error: ResponseError) -> bool:
    """Whether the keys of one command lie at two nodes of a Cluster while their slot moves; all others are served."""
    return isinstance(error, TryAgainError)


def unknown_script(error: ResponseError) -> bool:
    """Whether the server has lost the script: it was restarted, failed over or flushed."""
    return isinstance(error, NoScriptError)


def raise_unserved(answers: Iterable[Any]) -> None:
    """Raise the first of a batch's answers that blames the server and not its command."""
    for answer in answers:
        if isinstance(answer, ResponseError) and (unfit(answer) or on_their_way(answer)):
            raise answer
