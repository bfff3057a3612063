"""Celery's view of what runs: a pool without threads or processes of its own, in front of the event loop."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from celery.concurrency.base import BasePool

from esteio.jobs.broker import TASK
from esteio.telemetry.logs import log
from esteio.worker.intake import Intake, Order


class LoopPool(BasePool):
    """Hands the ids of a message to the intake. What Celery would do around a task is not needed: nothing is stored.

    Celery counts a message as active while its jobs run, and prefetches as many as there are slots.
    """

    intake: ClassVar[Intake]
    patience: ClassVar[float]
    body_can_be_buffer = True
    signal_safe = False
    task_join_will_block = False

    def register_with_event_loop(self, loop: Any) -> None:
        """After every connection anew: what has happened is told on the loop that reads from the broker."""
        self.intake.wake = lambda: loop.call_soon(self.intake.news)
        loop.call_soon(self.intake.news)

    def on_apply(
        self,
        target: Any,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        callback: Callable[..., Any] | None = None,
        accept_callback: Callable[..., Any] | None = None,
        **_: Any,
    ) -> None:
        self.intake.hand_in(Order(_jobs(args), accept_callback, callback))

    def on_stop(self) -> None:
        """Wait until what runs has ended or was handed back."""
        self.intake.request_stop()
        self.intake.ended.wait(self.patience)

    on_terminate = on_stop

    def flush(self) -> None:
        """The connection is gone; what was taken off it is run all the same."""

    def terminate_job(self, pid: int, signal: Any = None) -> None:
        log("esteio.worker").warning("worker.not_terminated", reason="cancel the job: esteio jobs cancel")


def pool_for(intake: Intake, patience: float) -> type[LoopPool]:
    """The class of which Celery makes the pool of this process."""
    return type("LoopPool", (LoopPool,), {"intake": intake, "patience": patience, "__module__": __name__})


def _jobs(args: Sequence[Any]) -> list[UUID]:
    """The ids in a message, as `(task, id, request, ...)` is given to pools; none of a message that is not ours."""
    try:
        task, _, request = args[:3]
        if task == TASK:
            return [UUID(job) for job in request["args"][0]]
    except (ValueError, TypeError, AttributeError, KeyError, IndexError):
        pass
    log("esteio.worker").error("worker.message_unreadable")
    return []
