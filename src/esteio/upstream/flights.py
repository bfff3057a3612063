"""One fetch at a time for each key in a process, shared by all who wait for it."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from esteio.upstream.background import Background

T = TypeVar("T")


class Flights(Generic[T]):
    """Work that belongs to nobody: a caller that goes away takes nothing from the others, nor from those to come."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._flying: dict[Hashable, asyncio.Future[T]] = {}

    def under_way(self, name: Hashable) -> bool:
        return name in self._flying

    async def share(self, name: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """What the work under this name returns or raises; it is begun unless it is under way."""
        flying = self._flying.get(name)
        if flying is None:
            flying = self._flying[name] = asyncio.get_running_loop().create_future()
            self._background.start(self._fly(name, work, flying))
        return await asyncio.shield(flying)

    async def _fly(self, name: Hashable, work: Callable[[], Awaitable[T]], flying: asyncio.Future[T]) -> None:
        try:
            result = await work()
        except asyncio.CancelledError:
            flying.cancel()
            raise
        except BaseException as error:
            flying.set_exception(error)
            # Marks it as seen: every caller may have gone.
            flying.exception()
        else:
            flying.set_result(result)
        finally:
            del self._flying[name]
