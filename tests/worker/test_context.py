"""A run's log lines belong to the request that asked for the job; metrics and health tell of jobs."""

import httpx

from tests.conftest import House
from tests.house import eventually, sql
from tests.worker.processes import OURS, all_ended, scheduler, worker, write_down
from tests.worker.services import MARK, SERVICES, Number

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_lines_of_a_run_carry_the_request(deployment: dict[str, str], database: str, house: House) -> None:
    """Request id and trace id of the request that enqueued, its caller and the job are in each line of the run."""
    trusted = {"redis_url": deployment["ESTEIO_REDIS__URL"], "HTTP__TRUSTED_PROXIES": "127.0.0.1"}
    with house(services=SERVICES, database_url=database, **trusted) as served:
        headers = {"X-Request-Id": "request-of-the-test", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
        answer = served.client.post("/api/v2/trial/marks", json={"number": 7, "refuse": True}, headers=headers)
        assert answer.status_code == 202, answer.text
        job = answer.json()["data"]["job"]
        with worker(deployment, queues="io") as running, scheduler(deployment):
            eventually(lambda: running.said("trial.marked"))
            eventually(lambda: sql(database, f"SELECT outcome FROM jobs WHERE {OURS}")[0]["outcome"] == "failed")
            (line,) = running.lines("trial.marked")
    assert line["request_id"] == "request-of-the-test"
    assert line["trace_id"] == TRACE
    assert line["job"] == f"trial.mark:{job}"
    assert line["principal"]
    assert line["number"] == 7


def test_metrics_and_health_tell_of_jobs(deployment: dict[str, str], database: str, house: House) -> None:
    """Waiting jobs and unattended queues are shown by the API; neither makes it unready."""
    redis_url = deployment["ESTEIO_REDIS__URL"]
    with house(services=SERVICES, database_url=database, redis_url=redis_url) as served:
        assert jobs_part(served.client) == "no worker has signed on"
        jobs = write_down(deployment, MARK, [Number(), Number()])
        eventually(lambda: 'esteio_jobs{queue="io",state="queued"} 2' in served.client.get("/metrics").text)
        shown = served.client.get("/metrics").text
        assert 'esteio_jobs{queue="cpu",state="running"} 0' in shown
        assert 'esteio_outbox_waiting{consumer="fanout"} ' in shown
        oldest = [line for line in shown.splitlines() if line.startswith('esteio_job_oldest_due_seconds{queue="io"}')]
        assert float(oldest[0].split()[1]) > 0
        assert served.anonymous.get("/readyz").status_code == 200
        with worker(deployment, queues="io") as running, scheduler(deployment):
            eventually(lambda: jobs_part(served.client) == "no worker has signed on for cpu")
            eventually(all_ended(database, jobs))
            assert running.pids
        eventually(lambda: 'esteio_jobs{queue="io",state="queued"} 0' in served.client.get("/metrics").text)


def jobs_part(client: httpx.Client) -> str:
    words: str = client.get("/api/v2/health", params={"detailed": "true"}).json()["data"]["parts"]["jobs"]
    return words
