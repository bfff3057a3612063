"""What a worker and a scheduler do, done at once and in the test's own process, for one house."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx

from esteio.catalog import SHIPPED
from esteio.jobs.runner import Runner
from esteio.jobs.tickets import Tickets
from esteio.resources import open_resources
from esteio.settings import Settings
from esteio.worker.assembly import Workshop, open_workshop
from tests.house import Served

T = TypeVar("T")


@asynccontextmanager
async def opened_shop(served: Served, settings: Settings | None = None) -> AsyncIterator[Workshop]:
    """The workshop of a worker process of the house, with its clock and, without others, its settings."""
    workshop = open_workshop("shop", settings or served.app.settings, SHIPPED, served.app.resources.clock)
    async with open_resources(workshop.resources):
        yield workshop


def in_shop(served: Served, work: Callable[[Workshop], Awaitable[T]], settings: Settings | None = None) -> T:
    """Run a coroutine in a workshop of its own."""

    async def working() -> T:
        async with opened_shop(served, settings) as workshop:
            return await work(workshop)

    return asyncio.run(working())


def runner_of(workshop: Workshop, **changes: Any) -> Runner:
    parts: dict[str, Any] = {
        "resources": workshop.resources,
        "settings": workshop.settings,
        "job_settings": workshop.job_settings,
        "jobs": workshop.jobs,
        "worker": "shop-1",
        "queues": ["io"],
        "slots_in_all": 32,
        "tell": workshop.tell,
        "spread": workshop.spread,
    }
    return Runner(**{**parts, **changes})


async def run_due(workshop: Workshop) -> int:
    """Run what is due, once; how many jobs that was."""
    runner = runner_of(workshop)
    await runner.open()
    try:
        due = await Tickets(workshop.resources.database).take("io", 100)
        await runner.work(due)
        return len(due)
    finally:
        await runner.close()


def work_off(served: Served) -> int:
    """Run every job that is due, each once."""
    return in_shop(served, run_due)


def interrupted(served: Served) -> bool:
    """Let jobs whose database did not answer in time be due again at once; whether there were any.

    A worker would run them again after their rest: a test of something else loses no job to a machine that stood still.
    """
    again = (
        "UPDATE job_tickets t SET due_at = now(), published_at = NULL FROM jobs j "
        "WHERE j.id = t.job_id AND t.state = 'retrying' AND j.error->>'code' = 'UNAVAILABLE' RETURNING t.job_id"
    )
    return bool(served.sql(again))


def rested(served: Served) -> None:
    """Let the rest between two tries be over."""
    served.sql("UPDATE job_tickets SET due_at = now(), published_at = NULL")


def task_of(served: Served, accepted: httpx.Response) -> dict[str, Any]:
    """The task that was accepted, as it stands now."""
    assert accepted.status_code == 202, accepted.text
    answer = served.client.get(accepted.headers["location"])
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def done(served: Served, accepted: httpx.Response) -> dict[str, Any]:
    """The result of the task, which is run now."""
    work_off(served)
    task = task_of(served, accepted)
    assert task["state"] == "succeeded", task
    result: dict[str, Any] = task["result"]
    return result


def fetched(served: Served, result: dict[str, Any]) -> bytes:
    """What the result's link leads to, for somebody without any credentials."""
    answer = served.anonymous.get(result["url"])
    assert answer.status_code == 200, answer.text
    return answer.content
