"""What a caller of Redis must be ready for."""

from redis.exceptions import (
    BusyLoadingError,
    MasterDownError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from esteio.base.errors import Unavailable

UNFIT: tuple[type[RedisError], ...] = (BusyLoadingError, MasterDownError, OutOfMemoryError, ReadOnlyError)
"""Answers of a server that lives but cannot serve: loading, full, without its primary, a replica."""

UNFIT_WORDS = ("MISCONF", "CLUSTERDOWN", "NOREPLICAS", "UNBLOCKED", "BUSY ")


class RedisUnavailable(Unavailable):
    """Redis did not answer in time, refused, or was known to be down: a 503 wherever nobody handles it."""

    def __init__(self, operator: str) -> None:
        super().__init__("A fast store that this operation needs is unavailable.", retry_after=1, operator=operator)


def unfit(error: ResponseError) -> bool:
    """Whether the answer says that the server cannot serve now, rather than that the command was wrong."""
    return isinstance(error, UNFIT) or str(error).startswith(UNFIT_WORDS)


def unknown_script(error: ResponseError) -> bool:
    """Whether the server has lost the script: it was restarted, failed over or flushed."""
    return isinstance(error, NoScriptError)
