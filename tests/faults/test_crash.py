"""PostgreSQL killed in the middle of writes."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic

import httpx

from esteio.embedded.engines import Engines
from tests.conftest import House
from tests.faults.calls import RECOVERED
from tests.house import ADMIN_KEY, NO_TLS, Served, eventually, last_held

WRITERS = 4
BEFORE, AFTER = 40, 40


class Writer:
    """Registers pets one after another, remembers which were acknowledged, and never asks for one twice."""

    def __init__(self, served: Served, number: int) -> None:
        self.url = served.url
        self.number = number
        self.acknowledged: list[str] = []
        self.statuses: set[int] = set()

    def write(self, stop: Event) -> None:
        with httpx.Client(base_url=self.url, headers={"X-API-Key": ADMIN_KEY}, timeout=30, verify=NO_TLS) as client:
            tried = 0
            while not stop.is_set():
                tried += 1
                name = f"Writer {self.number} pet {tried}"
                answer = client.post("/api/v2/pets", json={"name": name, "species": "cat"})
                self.statuses.add(answer.status_code)
                if answer.status_code == 201:
                    self.acknowledged.append(name)


def test_acknowledged_writes_survive_a_killed_database(house: House, engines: Engines) -> None:
    """R1: each write that was answered with 201 is there after `kill -9` of the server under load; none was a 500.

    The house takes up its work by itself within 10 s of the server's return.
    """
    with house() as served:
        writers, stop = [Writer(served, number) for number in range(WRITERS)], Event()
        with ThreadPoolExecutor(WRITERS) as crowd:
            running = [crowd.submit(writer.write, stop) for writer in writers]
            try:
                eventually(lambda: acknowledged(writers) >= BEFORE)
                engines.postgres.kill()
                eventually(lambda: any(503 in writer.statuses for writer in writers))
                engines.postgres.start()
                returned, reached = monotonic(), acknowledged(writers)
                assert last_held(lambda: acknowledged(writers) == reached) - returned <= RECOVERED
                eventually(lambda: acknowledged(writers) >= reached + AFTER)
            finally:
                stop.set()
                for writer in running:
                    writer.result(60)
        kept = {row["name"] for row in served.sql("SELECT name FROM pets")}
        assert {name for writer in writers for name in writer.acknowledged} - kept == set()
        assert {status for writer in writers for status in writer.statuses} <= {201, 503}


def acknowledged(writers: list[Writer]) -> int:
    return sum(len(writer.acknowledged) for writer in writers)
