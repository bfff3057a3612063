"""Jobs that are accepted while everything around them breaks: each of them ends, and has its effect once."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Event, Lock
from time import monotonic, time
from uuid import UUID

import httpx
import pytest

from tests.cli.command import surroundings
from tests.faults.errands import SERVICES, Errands
from tests.house import ADMIN_KEY, AMPLE, NO_TLS, eventually, sql, unused_port
from tests.redis.valkey_process import ValkeyProcess
from tests.worker.processes import Running, scheduler, worker

JOBS = 2_000
CALLERS = 8
LEASE = 5.0
OUTAGE = float(os.environ.get("ESTEIO_TEST_OUTAGE", "8"))
"""Seconds for which Valkey is away."""

PER_SECOND = min(80.0, 1_000 / OUTAGE)

STUCK = 60.0
"""R3: seconds within which a lost worker's job runs again; what was lost twice has twice as long."""


LAST = """
SELECT attempts, round(extract(epoch FROM created_at - to_timestamp($1)), 1) AS born,
    round(extract(epoch FROM finished_at - to_timestamp($1)), 1) AS ended,
    (SELECT array_agg(round(extract(epoch FROM at - to_timestamp($1)), 1) || ' ' || pid ORDER BY at)
     FROM wrote WHERE job = jobs.id) AS runs
FROM jobs WHERE name LIKE 'errands.%' ORDER BY finished_at - created_at DESC LIMIT 5
"""
"""The jobs that took longest: tries, times since Valkey went away, and when and where they ran."""


class Api:
    """The API's process, which is restarted under way on the same port."""

    def __init__(self, given: dict[str, str]) -> None:
        self.port = unused_port()
        self._given = given
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.job_api", str(self.port)],
            env=surroundings(self._given),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually(self._ready, 60)

    def end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None

    def _ready(self) -> bool:
        assert self._process is not None and self._process.poll() is None
        try:
            # Not whether it is ready: it accepts jobs with Redis down too.
            return httpx.get(f"http://127.0.0.1:{self.port}/livez", timeout=AMPLE).status_code == 200
        except httpx.TransportError:
            return False


class Callers:
    """Ask for errands at a steady pace. Where no answer comes the same request is sent again, under the same key."""

    def __init__(self, port: int) -> None:
        self.accepted: dict[int, UUID] = {}
        self.refused: list[str] = []
        self.repeated = 0
        self._numbers = iter(range(JOBS))
        self._lock = Lock()
        self._url = f"http://127.0.0.1:{port}"
        self._began = monotonic()
        self._nothing = Event()

    @contextmanager
    def calling(self) -> Iterator[None]:
        with ThreadPoolExecutor(CALLERS) as crowd:
            running = [crowd.submit(self._call) for _ in range(CALLERS)]
            try:
                yield
            finally:
                for one in running:
                    one.result(180)

    def pause(self, seconds: float) -> None:
        """Nothing ends it early: what goes on meanwhile is what is tested."""
        self._nothing.wait(max(0.0, seconds))

    def _call(self) -> None:
        with httpx.Client(base_url=self._url, headers={"X-API-Key": ADMIN_KEY}, timeout=AMPLE, verify=NO_TLS) as client:
            while (number := self._next()) is not None:
                self.pause(self._began + number / PER_SECOND - monotonic())
                self._ask(client, number)

    def _next(self) -> int | None:
        with self._lock:
            return next(self._numbers, None)

    def _ask(self, client: httpx.Client, number: int) -> None:
        end = monotonic() + 60
        while monotonic() < end:
            try:
                answer = client.post(
                    "/api/v2/errands", json={"n": number}, headers={"Idempotency-Key": f"errand-{number}"}
                )
            except httpx.TransportError:
                self.repeated += 1
                self.pause(0.1)
                continue
            if answer.status_code == 202:
                self.accepted[number] = UUID(answer.json()["data"]["id"])
            elif answer.status_code == 409:  # the request whose answer was lost is still under way
                continue
            else:
                self.refused.append(f"{number}: {answer.status_code} {answer.text[:300]}")
            return
        self.refused.append(f"{number}: no answer")


@pytest.fixture
def valkey() -> Iterator[ValkeyProcess]:
    process = ValkeyProcess()
    process.start()
    yield process
    process.discard()


def breaks_everything(
    callers: Callers, errands: Errands, valkey: ValkeyProcess, api: Api, running: Sequence[Running], stack: ExitStack
) -> tuple[float, float]:
    """One fault after another, each when so many more were accepted; between which times Valkey was away.

    But for the outage, in which they could do nothing, one of the workers is always left to go on.
    """

    def accepted(more: int) -> None:
        number = min(JOBS, len(callers.accepted) + more)
        eventually(lambda: len(callers.accepted) >= number, 60)

    first, second, relay = running
    accepted(200)
    first.kill()
    accepted(150)
    valkey.ask("FLUSHALL")
    eventually(lambda: first.said("worker.ready", 2), 60)
    second.kill()
    accepted(100)
    gone = time()
    valkey.stop()
    before = len(callers.accepted)
    callers.pause(OUTAGE / 2)
    assert len(callers.accepted) > before, "with Valkey away nothing was accepted"
    first.kill()
    second.kill()
    api.end(signal.SIGKILL)
    api.start()
    before = len(callers.accepted)
    callers.pause(gone + OUTAGE - time())
    eventually(lambda: len(callers.accepted) > before, 60)
    valkey.start()
    back = time()
    accepted(100)
    stack.enter_context(scheduler(errands.given, services=SERVICES))
    relay.kill()
    accepted(100)
    valkey.ask("FLUSHALL")
    first.kill()
    return gone, back


@pytest.mark.timeout(300)
def test_every_accepted_job_ends_and_has_its_effect_once(
    new_database: Callable[[], str], valkey: ValkeyProcess
) -> None:
    """R3, R4, R6: of 2 000 jobs, with workers and scheduler killed, Valkey flushed and away, and the API restarted,
    every one ends, exactly one run of each wrote its effect, and accepting never failed because of the broker."""
    errands = Errands.on(new_database(), valkey.url, JOBS__LEASE=str(LEASE), JOBS__CARRIED=str(LEASE))
    api = Api(errands.given)
    with ExitStack() as stack:
        stack.callback(api.end, signal.SIGKILL)
        api.start()
        running = [stack.enter_context(worker(errands.given, queues="io", services=SERVICES)) for _ in range(2)]
        running.append(stack.enter_context(scheduler(errands.given, services=SERVICES)))
        callers = Callers(api.port)
        with callers.calling():
            away = breaks_everything(callers, errands, valkey, api, running, stack)
        done = monotonic()
        errands.all_end()
        tail = monotonic() - done
    assert callers.refused == []
    assert callers.repeated > 0, "the API was not killed under load"
    assert len(callers.accepted) == len(set(callers.accepted.values())) == JOBS
    assert set(errands.outcomes()) == set(callers.accepted.values()), "a job was made that nobody was told of, or lost"
    errands.each_done_once(list(callers.accepted.values()))
    longest = _longest(errands, *away)
    again = sum(runs - 1 for runs in errands.wrote("began").values())
    print(
        f"{JOBS} jobs, Valkey away for {away[1] - away[0]:.1f} s: {again} runs were repeated, "
        f"{callers.repeated} requests sent again, all ended {tail:.1f} s after the last was accepted, "
        f"longest from acceptance to end less the outage {longest:.1f} s (lease {LEASE} s)"
    )
    for row in sql(errands.url, LAST, away[0]):
        print(tuple(row))
    assert longest <= STUCK


def _longest(errands: Errands, gone: float, back: float) -> float:
    """The longest time from acceptance to end, without what of it lay in the outage."""
    (row,) = sql(
        errands.url,
        """
        SELECT max(extract(epoch FROM finished_at - created_at) - greatest(0,
            extract(epoch FROM least(finished_at, to_timestamp($2)) - greatest(created_at, to_timestamp($1)))))::float8
        FROM jobs
        """,
        gone,
        back,
    )
    return float(row[0])
