"""`esteio jobs`: what an operator sees of jobs and does to them, internal ones included."""

from collections.abc import Callable
from uuid import UUID, uuid4

import orjson
import pytest

from tests.cli.command import Run
from tests.house import sql
from tests.worker.processes import write_down
from tests.worker.services import MARK, NOOP, Number

Esteio = Callable[..., Run]


@pytest.fixture
def failed(settings: dict[str, str]) -> list[UUID]:
    """Dead letters: two tasks and an internal job."""
    sql(settings["ESTEIO_DATABASE__URL"], "TRUNCATE jobs, job_tickets CASCADE")
    jobs = write_down(settings, MARK, [Number(number=1), Number(number=2)]) + write_down(settings, NOOP, [Number()])
    database = settings["ESTEIO_DATABASE__URL"]
    sql(database, "DELETE FROM job_tickets")
    sql(
        database,
        "UPDATE jobs SET outcome = 'failed', finished_at = now(), attempts = 3,"
        """ error = '{"code": "JOB_FAILED", "title": "The job failed", "detail": "It is so."}'""",
    )
    return jobs


def listed(esteio: Esteio, *arguments: str) -> list[dict[str, str]]:
    done = esteio("jobs", "list", "--json", *arguments)
    assert done.code == 0, done.said
    found: list[dict[str, str]] = orjson.loads(done.out)
    return found


def test_list_shows_all_kinds(esteio: Esteio, failed: list[UUID], settings: dict[str, str]) -> None:
    """Every job of the tenant is listed, the newest first, by state and by kind where that is asked for."""
    (waiting,) = write_down(settings, NOOP, [Number()], delay=3600)
    assert [UUID(job["id"]) for job in listed(esteio)] == [waiting, *reversed(failed)]
    assert {UUID(job["id"]) for job in listed(esteio, "--failed")} == {*failed}
    assert [UUID(job["id"]) for job in listed(esteio, "--state", "queued")] == [waiting]
    assert {UUID(job["id"]) for job in listed(esteio, "--name", "trial.noop")} == {waiting, failed[2]}
    lines = esteio("jobs", "list", "--failed").out.splitlines()
    assert len(lines) == 3
    assert all("JOB_FAILED" in line and "failed" in line for line in lines)


def test_list_of_every_tenant(esteio: Esteio, failed: list[UUID], settings: dict[str, str]) -> None:
    """Whose jobs have failed is found without knowing the tenants: each line has the tenant's slug."""
    database = settings["ESTEIO_DATABASE__URL"]
    other = sql(
        database, "INSERT INTO tenants (id, slug, name, version) VALUES (uuidv7(), 'bakery', 'Bakery', 1) RETURNING id"
    )[0]["id"]
    sql(database, "UPDATE jobs SET tenant_id = $1 WHERE id = $2", other, failed[0])
    found = listed(esteio, "--failed", "--all-tenants")
    assert {(job["tenant"], UUID(job["id"])) for job in found} == {
        ("bakery", failed[0]),
        ("default", failed[1]),
        ("default", failed[2]),
    }
    assert "bakery" in esteio("jobs", "list", "--failed", "--all-tenants").out
    assert esteio("jobs", "list", "--all-tenants", "--tenant", "bakery").code == 2


def test_show_tells_all(esteio: Esteio, failed: list[UUID]) -> None:
    """Payload, error, tries and request of one job, as words or as JSON; an unknown one is said so, with code 1."""
    shown = esteio("jobs", "show", str(failed[0]))
    assert shown.code == 0, shown.said
    assert '"number":1' in shown.out
    assert "JOB_FAILED" in shown.out
    assert orjson.loads(esteio("jobs", "show", str(failed[0]), "--json").out)["attempts"] == 3
    missing = esteio("jobs", "show", str(uuid4()))
    assert (missing.code, missing.out) == (1, "")


def test_retry_one_or_all(esteio: Esteio, failed: list[UUID]) -> None:
    """A dead letter runs again by its id, all of a kind or all by one command; what has not failed is refused."""
    assert esteio("jobs", "retry", str(failed[0])).code == 0
    assert esteio("jobs", "retry", str(failed[0])).code == 1
    assert orjson.loads(esteio("jobs", "retry", "--all", "--name", "trial.mark", "--json").out) == {"retried": 1}
    assert orjson.loads(esteio("jobs", "retry", "--all", "--json").out) == {"retried": 1}
    assert {job["state"] for job in listed(esteio)} == {"queued"}
    assert esteio("jobs", "retry").code == 2
    assert esteio("jobs", "retry", str(failed[0]), "--all").code == 2


def test_cancel(esteio: Esteio, failed: list[UUID], settings: dict[str, str]) -> None:
    """A job that waits is cancelled at once, one that runs is told to stop, one that has ended is refused."""
    waiting, running = write_down(settings, MARK, [Number(), Number()])
    database = settings["ESTEIO_DATABASE__URL"]
    sql(database, "UPDATE job_tickets SET state = 'running', lease_until = now() WHERE job_id = $1", running)
    assert "is cancelled" in esteio("jobs", "cancel", str(waiting)).out
    assert "told to stop" in esteio("jobs", "cancel", str(running)).out
    assert sql(database, "SELECT cancel_requested FROM job_tickets")[0]["cancel_requested"] is True
    assert esteio("jobs", "cancel", str(failed[0])).code == 1
    assert [job["id"] for job in listed(esteio, "--state", "cancelled")] == [str(waiting)]


def test_other_tenants_are_apart(esteio: Esteio, failed: list[UUID]) -> None:
    """Each command works for one tenant; a slug that is nobody's is refused."""
    done = esteio("jobs", "list", "--tenant", "nobody")
    assert (done.code, done.out) == (1, "")
    assert "nobody" in done.err
