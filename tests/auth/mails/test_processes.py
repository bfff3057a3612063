"""The whole of it as processes: two of the API, a worker, a scheduler, a mail server; and that no token lies about."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import redis

from esteio.standins.smtp import Sink, Terms, running_smtp
from tests.auth.mails.post import ANOTHER, PASSWORD, TOKEN, body, mailing, somebody
from tests.cli.command import Server, serving
from tests.house import AMPLE, NO_TLS, environment, eventually, last_held, nobody, sql, unused_port
from tests.worker.processes import Running, scheduler, worker

LEASE = "3"
PROMISED = 1.0
"""Seconds after which a session that was ended has ended in every process, while Redis is up."""


@dataclass
class Deployment:
    given: dict[str, str]
    first: Server
    second: Server
    worker: Running
    scheduler: Running
    sink: Sink

    def sql(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in sql(self.given["ESTEIO_DATABASE__URL"], statement, *values)]

    def post(self, path: str, members: dict[str, Any], server: Server | None = None) -> httpx.Response:
        return httpx.post((server or self.first).url + path, json=members, timeout=AMPLE)

    def mails(self, email: str, words: str) -> list[str]:
        """The texts of what came for the address under a subject with these words."""
        found = [one for one in self.sink.messages() if email in str(one["to"]) and words in str(one["subject"])]
        return [body(one) for one in found]

    def token(self, email: str, words: str) -> str:
        """The token of the first such mail, once it has come."""
        (text, *_) = eventually(lambda: self.mails(email, words), 60.0)
        return str(TOKEN.findall(text)[0])


@pytest.fixture(scope="module")
def running(new_database: Callable[[], str], new_redis: Callable[[], str]) -> Iterator[Deployment]:
    with ExitStack() as stack:
        sink = stack.enter_context(running_smtp(Terms("none")))
        settings = mailing(sink, MAIL__ANSWER_TIMEOUT="60")
        settings |= {"LIMITS__ENABLED": "false", "JOBS__LEASE": LEASE, "JOBS__CARRIED": LEASE}
        given = environment(new_database(), new_redis(), **settings)
        api = {**given, "ESTEIO_STORE__UPSTREAM_URL": nobody()}
        first, second = (stack.enter_context(serving(unused_port(), environment=api)) for _ in range(2))
        working = stack.enter_context(worker(given, queues="io"))
        carrying = stack.enter_context(scheduler(given))
        yield Deployment(given, first, second, working, carrying, sink)


@contextmanager
def overheard(address: str) -> Iterator[list[str]]:
    """All that Valkey is told while the block runs: the broker's messages, the bulletin's, and what is kept there."""
    said: list[str] = []
    client = redis.Redis.from_url(address)
    ready = threading.Event()
    stop = threading.Event()

    def listen() -> None:
        with client.monitor() as monitor:
            ready.set()
            while not stop.is_set():
                said.append(str(monitor.next_command()))

    listening = threading.Thread(target=listen, daemon=True)
    listening.start()
    assert ready.wait(30)
    try:
        yield said
    finally:
        stop.set()
        with redis.Redis.from_url(address) as last:
            last.ping()
        listening.join(30)
        client.close()


def everything(running: Deployment) -> str:
    """Every row of every table, as text."""
    tables = running.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found = [str(row) for table in tables for row in running.sql(f"SELECT t::text FROM {table['tablename']} t")]
    assert len(found) > 20
    return "\n".join(found)


def test_a_whole_journey_leaves_no_token_anywhere(running: Deployment) -> None:
    """Register, confirm, lose the password, set another: the tokens were in the mails and nowhere else.

    Not in the database, its jobs and facts among it, not in what Valkey was told, and not in any process's log.
    """
    email = somebody()
    with overheard(running.given["ESTEIO_REDIS__URL"]) as said:
        made = running.post("/auth/register", {"email": email, "password": PASSWORD, "name": "Ana"})
        assert made.status_code == 201, made.text
        verification = running.token(email, "Confirm")
        dumped = everything(running)
        assert running.post("/auth/email/verify", {"token": verification}, running.second).status_code == 200
        assert running.post("/auth/password/forgot", {"email": email}).status_code == 202
        reset = running.token(email, "new password")
        dumped += everything(running)
        answer = running.post("/auth/password/reset", {"token": reset, "new_password": ANOTHER}, running.second)
        assert answer.status_code == 204, answer.text
        eventually(lambda: running.mails(email, "was changed"), 60.0)
    assert running.post("/auth/login", {"email": email, "password": ANOTHER}).status_code == 200
    places = {
        "database": dumped + everything(running),
        "valkey": "\n".join(said),
        "logs": running.first.text + running.second.text + running.worker.text + running.scheduler.text,
    }
    assert "auth.send_letter" in places["database"] and "esteio" in places["valkey"]
    assert "mail.sent" in running.worker.text
    for place, text in places.items():
        for token in (verification, reset):
            assert token not in text and token.removeprefix("est_mail_") not in text, place
            assert token.encode().hex() not in text, place


def test_sessions_end_in_every_process(running: Deployment) -> None:
    """A reset in one process ends at once the sessions that another process knows and has just believed."""
    email = somebody()
    running.post("/auth/register", {"email": email, "password": PASSWORD, "name": "Ana"})
    entered = running.post("/auth/login", {"email": email, "password": PASSWORD}).json()
    bearer = {"Authorization": f"Bearer {entered['access_token']}"}
    running.post("/auth/password/forgot", {"email": email})
    token = running.token(email, "new password")
    with httpx.Client(base_url=running.second.url, headers=bearer, timeout=AMPLE, verify=NO_TLS) as there:
        assert there.get("/auth/me").status_code == 200
        began = time.monotonic()
        assert running.post("/auth/password/reset", {"token": token, "new_password": ANOTHER}).status_code == 204
        held = last_held(lambda: there.get("/auth/me").status_code == 200)
        assert held - began < 3 * PROMISED
    renewed = running.post("/auth/refresh", {"refresh_token": entered["refresh_token"]}, running.second)
    assert renewed.status_code == 401


def test_a_worker_killed_over_a_letter_sends_no_second_one(running: Deployment) -> None:
    """Killed after the server took the mail and before it said so: one mail whose token is good, and it is told so."""
    email = somebody()
    running.post("/auth/register", {"email": email, "password": PASSWORD, "name": "Ana"})
    running.token(email, "Confirm")
    running.sink.next("hang_kept")
    assert running.post("/auth/password/forgot", {"email": email}).status_code == 202
    reset = running.token(email, "new password")
    query = "SELECT state FROM account_letters WHERE kind = 'reset' ORDER BY id DESC LIMIT 1"
    assert running.sql(query)[0]["state"] == "handing_over"
    running.worker.kill()
    eventually(lambda: running.sql(query)[0]["state"] == "unconfirmed", 90.0)
    assert len(running.mails(email, "new password")) == 1
    assert running.post("/auth/password/reset", {"token": reset, "new_password": ANOTHER}).status_code == 204
