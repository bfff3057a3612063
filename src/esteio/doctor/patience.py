"""How long the doctor waits, and what it says of what it could not see."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from esteio.base.errors import EsteioError
from esteio.telemetry.masking import beginning, mask_text

T = TypeVar("T")

_LONGEST = 200


class NotKnown(Exception):
    """Something that a check needs cannot be seen; the words say why, without a secret."""


def words_of(failure: BaseException) -> str:
    """A failure in a few words for an operator; nothing that has the shape of a secret is shown."""
    if isinstance(failure, TimeoutError):
        return "no answer in time"
    if isinstance(failure, EsteioError):
        return mask_text(failure.operator or failure.detail)
    text = beginning(" ".join(str(failure).split()), _LONGEST)
    return text or type(failure).__name__


async def in_thread(work: Callable[[], T]) -> T:
    """What blocking work returns. A disk or a name server that hangs holds the thread, and nobody waits for it."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, failure: Exception | None) -> None:
        if done.done():
            return
        if failure is not None:
            done.set_exception(failure)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        try:
            result, failure = work(), None
        except Exception as error:
            result, failure = None, error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="doctor", daemon=True).start()
    return await done
