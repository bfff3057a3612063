"""Bugs apart from what goes wrong in operation: only the former are anybody's to mend in the code."""

import asyncio
import errno
import sys
from collections.abc import Callable
from types import TracebackType

from esteio.base.errors import EsteioError

Failure = tuple[type[BaseException], BaseException, TracebackType | None]
Tell = Callable[[Failure, dict[str, object]], None]
"""What hears of bugs: the failure and the line that tells of it."""

_OF_THE_MACHINE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EROFS}
)
# By name: this floor knows no drivers. Whatever inherits from one of these is meant too.
_OF_SERVERS = frozenset(
    {
        "sqlalchemy.OperationalError",
        "sqlalchemy.InterfaceError",
        "sqlalchemy.TimeoutError",
        "asyncpg.PostgresConnectionError",
        "asyncpg.InsufficientResourcesError",
        "asyncpg.OperatorInterventionError",
        "redis.ConnectionError",
        "redis.TimeoutError",
        "kombu.OperationalError",
        "amqp.ConnectionError",
        "httpx.TransportError",
        "aiosmtplib.SMTPException",
        "billiard.WorkerLostError",
        "click.ClickException",
        "click.Abort",
    }
)


def is_bug(error: BaseException) -> bool:
    """Whether the code is to blame: no refusal, no end, no server, network or disk that failed."""
    if isinstance(error, EsteioError | asyncio.CancelledError | TimeoutError | ConnectionError):
        return False
    if not isinstance(error, Exception):
        return False
    if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
        return False
    if isinstance(error, ExceptionGroup):
        return any(is_bug(one) for one in error.exceptions)
    return not any(
        f"{kind.__module__.partition('.')[0]}.{kind.__name__}" in _OF_SERVERS for kind in type(error).__mro__
    )


def failure_of(given: object) -> Failure | None:
    """The failure that a line was given as its `exc_info`."""
    if given is True:
        given = sys.exc_info()
    if isinstance(given, BaseException):
        return type(given), given, given.__traceback__
    if isinstance(given, tuple) and len(given) == 3 and isinstance(given[1], BaseException):
        return given
    return None
