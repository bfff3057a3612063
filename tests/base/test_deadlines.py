"""Time limits that share a timer end what is late, and nothing else."""

import asyncio

import pytest

from esteio.base.deadlines import Deadlines


def test_what_is_late_is_ended() -> None:
    """Past its seconds a block raises `TimeoutError`, and says that it was the limit."""

    async def late() -> bool:
        limit = Deadlines().within(0.01)
        with pytest.raises(TimeoutError), limit:
            await asyncio.Event().wait()
        return limit.expired

    assert asyncio.run(asyncio.wait_for(late(), 5))


def test_what_is_in_time_goes_on() -> None:
    """A block that ends in time is not disturbed, though another of the same owner expires."""

    async def both() -> tuple[str, bool]:
        deadlines, over = Deadlines(), asyncio.Event()

        async def late() -> None:
            try:
                with deadlines.within(0.01):
                    await asyncio.Event().wait()
            except TimeoutError:
                over.set()

        task = asyncio.create_task(late())
        with deadlines.within(10) as limit:
            await over.wait()
        await task
        return "done", limit.expired

    assert asyncio.run(asyncio.wait_for(both(), 5)) == ("done", False)


def test_a_timeout_of_the_work_itself_is_its_own() -> None:
    """A `TimeoutError` from within the block passes, and the limit did not expire."""

    async def own() -> bool:
        limit = Deadlines().within(10)
        with pytest.raises(TimeoutError, match="own"), limit:
            raise TimeoutError("own")
        return limit.expired

    assert not asyncio.run(own())


def test_a_cancelled_task_stays_cancelled() -> None:
    """Who cancels a task meant it: the limit does not turn that into a `TimeoutError`."""

    async def cancelled() -> None:
        entered = asyncio.Event()

        async def work() -> None:
            with Deadlines().within(10):
                entered.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())


def test_blocks_within_one_another() -> None:
    """The inner limit ends the inner block; the task goes on within the outer one."""

    async def nested() -> str:
        deadlines = Deadlines()
        with deadlines.within(10):
            try:
                with deadlines.within(0.01):
                    await asyncio.Event().wait()
            except TimeoutError:
                await asyncio.sleep(0)
                return "went on"
        return "never late"

    assert asyncio.run(asyncio.wait_for(nested(), 30)) == "went on"


def test_the_timer_serves_one_loop_after_another() -> None:
    """An owner that outlives its loop keeps limits in the next one."""
    deadlines = Deadlines()

    async def late() -> None:
        with deadlines.within(0.01):
            await asyncio.Event().wait()

    for _ in range(2):
        with pytest.raises(TimeoutError):
            asyncio.run(late())
