"""The Celery application for Celery's own tools: `celery -A esteio.worker inspect ping`, and `… flower`.

It is made when it is asked for, from the settings of the environment.
"""

from typing import Any

from celery import Celery

from esteio.catalog import SHIPPED
from esteio.jobs.broker import TASK, make_celery
from esteio.runtime.opening import sections
from esteio.settings import read_settings
from esteio.worker.assembly import broker_url


def celery_for(url: str) -> Celery:
    """An application that knows the one task."""
    app = make_celery(url)

    @app.task(name=TASK, ignore_result=True)
    def run(jobs: list[str]) -> None:
        """Run jobs by their ids. It is the worker's pool that does it; Celery has it for the name."""

    app.finalize()
    return app


def __getattr__(name: str) -> Any:
    if name not in ("app", "celery"):
        raise AttributeError(name)
    return globals().setdefault("app", celery_for(broker_url(read_settings(sections(SHIPPED)))))
