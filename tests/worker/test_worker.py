"""`esteio worker` and `esteio scheduler` as processes: they start, work, are replaced, and end without losing a job."""

import signal

import httpx
import psutil

from tests.cli.command import SOON, all_gone
from tests.house import AMPLE, eventually, sql
from tests.worker.processes import OURS, all_ended, outcomes, scheduler, worker, write_down
from tests.worker.services import COMPUTE, MARK, NOOP, Number


def begun(database: str) -> int:
    return int(sql(database, "SELECT count(*) FROM trial_runs WHERE stage = 'begun'")[0][0])


def done(database: str) -> list[int]:
    """The numbers whose effect was committed, in order, doubled ones included."""
    rows = sql(database, "SELECT number FROM trial_runs WHERE stage = 'done' ORDER BY number")
    return [row["number"] for row in rows]


def test_each_queue_has_its_process(deployment: dict[str, str], database: str) -> None:
    """Jobs of both queues end, those of one queue in one process; a stop asked for ends all processes with 0."""
    with worker(deployment) as running, scheduler(deployment) as relay:
        jobs = write_down(deployment, MARK, [Number(number=number) for number in range(20)])
        jobs += write_down(deployment, COMPUTE, [Number(number=number) for number in range(20, 24)])
        eventually(all_ended(database, jobs))
        assert done(database) == list(range(24))
        ran = sql(database, "SELECT DISTINCT pid, number >= 20 AS computed FROM trial_runs")
        assert {(row["computed"]) for row in ran} == {False, True}
        assert {row["pid"] for row in ran} == running.pids
        assert len(ran) == 2
        family = [*running.family(), *relay.family()]
        for one in (running, relay):
            one.signal(signal.SIGTERM)
            assert one.ended() == 0, one.text
        assert all_gone(family, SOON)
        assert running.lines("worker.ended")
        assert relay.lines("scheduler.ended")
    assert sql(database, "SELECT count(*) FROM job_workers")[0][0] == 0


def test_what_runs_ends_within_the_drain(deployment: dict[str, str], database: str) -> None:
    """A job that runs when its worker is told to end is finished by it, in its first try."""
    with worker(deployment, queues="io") as running, scheduler(deployment):
        jobs = write_down(deployment, MARK, [Number(number=1, seconds=3)])
        eventually(lambda: begun(database) == 1)
        running.signal(signal.SIGTERM)
        assert running.ended() == 0, running.text
        assert outcomes(database, jobs) == ["succeeded"]
    assert sql(database, f"SELECT attempts FROM jobs WHERE {OURS}")[0]["attempts"] == 1


def test_what_does_not_end_is_handed_back(deployment: dict[str, str], database: str) -> None:
    """A job longer than the drain goes on elsewhere at once, uncounted, not when its lease has run out."""
    brief = {**deployment, "ESTEIO_JOBS__DRAIN": "0.5", "ESTEIO_JOBS__LEASE": "300"}
    with scheduler(deployment):
        with worker(brief, queues="io") as running:
            jobs = write_down(deployment, MARK, [Number(number=1, seconds=100)])
            eventually(lambda: begun(database) == 1)
            running.signal(signal.SIGTERM)
            assert running.ended(30) == 0, running.text
        ticket = sql(database, f"SELECT state, attempts, worker FROM job_tickets WHERE {OURS}")[0]
        assert (ticket["state"], ticket["attempts"], ticket["worker"]) == ("queued", 0, None)
        sql(database, """UPDATE jobs SET payload = jsonb_set(payload, '{seconds}', '0')""")
        with worker(brief, queues="io"):
            eventually(all_ended(database, jobs))
    assert done(database) == [1]


def test_a_second_signal_hurries(deployment: dict[str, str], database: str) -> None:
    """Who asks twice does not wait for the drain."""
    with worker(deployment | {"ESTEIO_JOBS__DRAIN": "600"}, queues="io") as running, scheduler(deployment):
        write_down(deployment, MARK, [Number(number=1, seconds=100)])
        eventually(lambda: begun(database) == 1)
        (child,) = running.children()
        child.terminate()
        eventually(lambda: sql(database, "SELECT count(*) FROM job_workers")[0][0] == 0)
        child.terminate()
        assert all_gone([child], 30)
        eventually(
            lambda: sql(database, f"SELECT state FROM job_tickets WHERE {OURS}")[0]["state"] in ("queued", "running")
        )
        assert "job.lease_lost" not in running.text


def test_a_killed_process_is_replaced(deployment: dict[str, str], database: str) -> None:
    """After `kill -9` of all that works, others take over: every job ends, each effect once."""
    brief = deployment | {"ESTEIO_JOBS__LEASE": "2", "ESTEIO_JOBS__CARRIED": "2"}
    with worker(brief, queues="io", processes=2) as running, scheduler(brief):
        before = running.pids
        jobs = write_down(deployment, MARK, [Number(number=number, seconds=0.3) for number in range(60)])
        eventually(lambda: begun(database) > 10)
        running.kill()
        eventually(lambda: len(running.pids - before) == 2)
        eventually(all_ended(database, jobs), 60)
        assert done(database) == list(range(60))
        assert running.said("worker died", 2)


def test_children_end_with_a_killed_parent(deployment: dict[str, str], database: str) -> None:
    """R3: after `kill -9` of the parent its processes end by themselves, and hand back what they held."""
    with worker(deployment | {"ESTEIO_JOBS__DRAIN": "0"}) as running, scheduler(deployment):
        write_down(deployment, MARK, [Number(number=1, seconds=100)])
        eventually(lambda: begun(database) == 1)
        family = running.children()
        running.process.kill()
        assert all_gone(family, 30)
    assert sql(database, f"SELECT state FROM job_tickets WHERE {OURS}")[0]["state"] == "queued"


def test_sighup_renews_the_processes(deployment: dict[str, str], database: str) -> None:
    """New processes take over one by one, while jobs go on."""
    with worker(deployment, queues="io", processes=2) as running, scheduler(deployment):
        before = running.children()
        jobs = write_down(deployment, MARK, [Number(number=number, seconds=0.2) for number in range(100)])
        running.signal(signal.SIGHUP)
        assert all_gone(before)
        eventually(all_ended(database, jobs))
        assert len(running.pids) == 2
    assert done(database) == list(range(100))
    assert sql(database, f"SELECT max(attempts) AS most FROM jobs WHERE {OURS}")[0]["most"] <= 2


def test_a_worker_holds_no_more_than_it_can_do(deployment: dict[str, str], database: str) -> None:
    """Of many waiting jobs as many run as there are slots, and about as many again are on their way."""
    few = deployment | {"ESTEIO_JOBS__IO_SLOTS": "4", "ESTEIO_JOBS__CARRIED": "600"}
    with worker(few, queues="io"), scheduler(few):
        write_down(deployment, MARK, [Number(number=number, seconds=600) for number in range(300)])
        eventually(lambda: begun(database) == 4)
        eventually(lambda: sql(database, CARRIED)[0]["jobs"] == 12)
        assert begun(database) == 4


CARRIED = "SELECT count(*) AS jobs FROM job_tickets WHERE published_at IS NOT NULL"


def test_two_schedulers_carry_each_job_once(deployment: dict[str, str], database: str) -> None:
    """Several schedulers share the work: no job runs twice for it."""
    with worker(deployment, queues="io"), scheduler(deployment), scheduler(deployment):
        jobs = write_down(deployment, MARK, [Number(number=number) for number in range(200)])
        eventually(all_ended(database, jobs))
    assert begun(database) == 200


def test_metrics_of_all_processes(deployment: dict[str, str], database: str, free_port: int) -> None:
    """A worker without the API shows what its processes did, on the loopback address only."""
    with worker(deployment, queues="io", more=("--metrics-port", str(free_port))) as running, scheduler(deployment):
        jobs = write_down(deployment, NOOP, [Number()] * 10)
        eventually(all_ended(database, jobs))
        shown = eventually(
            lambda: (
                'esteio_job_runs_total{ended="succeeded",kind="trial.noop"} 10.0'
                in httpx.get(f"http://127.0.0.1:{free_port}/metrics", timeout=AMPLE).text
            )
        )
        assert shown
        addresses = {line.laddr.ip for line in psutil.Process(running.process.pid).net_connections("inet")}
        assert addresses <= {"127.0.0.1"}
