"""What goes on without anybody waiting for it."""

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from typing import Any

from esteio.telemetry.context import current
from esteio.telemetry.tracing.following import following


class Background:
    """Tasks of their own: neither of the request nor of the transaction in which they were begun."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run the work to its end, in an empty context. It handles its own failures.

        Where it was begun by something that is traced, its spans belong to that trace.
        """
        context = Context()
        if (identity := following()) is not None:
            context.run(current.set, identity)
        task = asyncio.create_task(work, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self, within: float) -> None:
        """Wait so many seconds for what is under way, and what follows from it, then end the rest."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        # What ends may have begun something else.
        while self._tasks and (left := end - loop.time()) > 0:
            await asyncio.wait(self._tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        late = [*self._tasks]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
