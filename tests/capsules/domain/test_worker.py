"""Capsules with domain code, made by a real worker: taken work in the version, cancelled and killed trials."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from esteio.standins.gemini.domain import MODULE
from esteio.standins.gemini.running import Painter, running_gemini
from tests.capsules.domain.wall import KEY, cells, needs_wall
from tests.capsules.maker import BASE, facts, open_limit, order, read
from tests.conftest import House
from tests.house import Served, environment, eventually
from tests.worker.processes import Running, scheduler, worker

ALL = "esteio.catalog:SHIPPED"
pytestmark = needs_wall


@dataclass(frozen=True)
class Works:
    """An API with a worker that asks the stand-in."""

    served: Served
    worker: Running
    painter: Painter

    def order(self, **members: Any) -> dict[str, Any]:
        return order(self.served.client, provider="gemini", **members)

    def version(self, capsule: str, number: int = 1) -> dict[str, Any]:
        """The version once it is there."""
        eventually(lambda: read(self.served.client, capsule)["current_version"] >= number, 60.0, 0.05)
        found: dict[str, Any] = self.served.client.get(f"{BASE}/{capsule}/versions/{number}").json()["data"]
        return found

    def by_model(self, capsule: str) -> set[str]:
        """The paths of the model's files."""
        rows = self.served.client.get(f"{BASE}/{capsule}/files", params={"per_page": 100}).json()["data"]
        return {row["path"] for row in rows if row["origin"] == "model"}

    def task(self, job: str) -> dict[str, Any]:
        found: dict[str, Any] = self.served.client.get(f"/api/v2/tasks/{job}").json()["data"]
        return found

    def trying(self) -> bool:
        """Whether the model has answered, and its work is being run."""
        return bool(self.painter.requests()) and len(cells([self.worker.process.pid])) > 1


@pytest.fixture(scope="module")
def running(house: House, new_database: Callable[[], str], new_redis: Callable[[], str]) -> Iterator[Works]:
    database, redis = new_database(), new_redis()
    with running_gemini(KEY) as painter:
        given = {
            "CAPSULES__GEMINI_API_KEY": KEY,
            "CAPSULES__GEMINI_URL": painter.url,
            "CAPSULES__TRIAL_SECONDS": "100",
            "JOBS__LEASE": "5",
            "JOBS__CARRIED": "3",
        }
        told = environment(database, redis, **given)
        with (
            house(database_url=database, redis_url=redis, **given) as served,
            worker(told, services=ALL) as working,
            scheduler(told, services=ALL),
        ):
            open_limit(served)
            yield Works(served, working, painter)


@pytest.fixture
def works(running: Works) -> Works:
    running.painter.reset()
    return running


def test_accepted_work_is_in_the_version(works: Works) -> None:
    """The module, its tests and a page on them are files of origin `model`, beside the template's; the version and
    the task say that gemini made it."""
    accepted = works.order(tech_stack=["FastAPI", "PostgreSQL"])
    capsule = accepted["capsule_id"]
    version = works.version(capsule)
    assert (version["provider"], version["note"]) == ("gemini", None)
    assert works.by_model(capsule) == {"src/orders_api/domain.py", "tests/test_domain.py", "DOMAIN.md"}
    shown = works.served.client.get(f"{BASE}/{capsule}/files/src/orders_api/domain.py")
    assert shown.text == MODULE
    assert works.task(accepted["job_id"])["result"]["provider"] == "gemini"
    assert facts(works.served, capsule) == ["capsule.queued", "capsule.completed"]
    report = works.served.client.post(f"{BASE}/{capsule}/validate").json()["data"]
    assert report["valid"], report


@pytest.mark.parametrize(
    ("outcome", "note"),
    [("code_failing", "TESTS_FAILED"), ("code_network", "FORBIDDEN_IMPORT"), ("quota", "MODEL_LIMITED")],
)
def test_work_that_is_not_taken_leaves_the_template(works: Works, outcome: str, note: str) -> None:
    """The capsule is complete, of the template alone, and its version says why."""
    works.painter.next({"outcome": outcome, "times": 5})
    accepted = works.order()
    version = works.version(accepted["capsule_id"])
    assert (version["provider"], version["note"]) == ("template", note)
    assert works.by_model(accepted["capsule_id"]) == set()
    assert works.task(accepted["job_id"])["result"]["provider"] == "template"


def test_a_cancelled_task_ends_its_trial(works: Works) -> None:
    """Once the task is cancelled no process of its trial is left, long before the trial's own time is over."""
    works.painter.next("code_sleeping")
    accepted = works.order()
    eventually(works.trying, 60.0)
    eventually(lambda: works.task(accepted["job_id"])["progress"]["message"] == "trying")
    answer = works.served.client.post(f"/api/v2/tasks/{accepted['job_id']}/cancel")
    assert answer.status_code in (200, 202, 204), answer.text
    eventually(lambda: works.task(accepted["job_id"])["state"] == "cancelled")
    eventually(lambda: not cells([works.worker.process.pid]))


def test_a_killed_worker_asks_again(works: Works) -> None:
    """A worker that dies within a trial takes its processes with it; another asks anew and makes one version."""
    works.painter.next("code_sleeping")
    accepted = works.order()
    eventually(works.trying, 60.0)
    left = cells([works.worker.process.pid])
    assert left
    works.worker.kill()
    eventually(lambda: not any(one.is_running() for one in left))
    version = works.version(accepted["capsule_id"])
    assert (version["provider"], version["number"]) == ("gemini", 1)
    assert len(works.painter.requests()) == 2
    assert facts(works.served, accepted["capsule_id"]) == ["capsule.queued", "capsule.completed"]
