"""`esteio webhooks` as developers run it, against a house with its scheduler."""

import re
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from tests.cli.command import COMMAND, NOWHERE, SECONDS, run, surroundings
from tests.conftest import House
from tests.house import ADMIN_KEY, Served, environment, eventually
from tests.logs.kept import keep_said
from tests.upstream.receiver import Receiver
from tests.webhooks.station import DELIVERIES, ENDPOINTS, OPEN, Station
from tests.worker.processes import scheduler

SECRET = "whsec_" + "bGlzdGVu" * 4
SINCE = re.compile(r"--since '(.+)'")
DONE = re.compile(r"pet\.created  (evt_\w+)  200  \d+ ms")


@pytest.fixture(scope="module")
def desk(house: House, new_database: Callable[[], str], new_redis: Callable[[], str]) -> Iterator[Station]:
    """An API and a scheduler; nothing of this needs a worker."""
    database_url, redis_url = new_database(), new_redis()
    given = environment(database_url, redis_url, **OPEN)
    with (
        house(database_url=database_url, redis_url=redis_url, **OPEN) as served,
        scheduler(given, services=None),
    ):
        yield Station(served)


@contextmanager
def listening(
    served: Served, receiver: Receiver, *more: str, path: str = "/hook"
) -> Iterator[tuple[Callable[[], str], Callable[[], None]]]:
    """The command; two functions that read what it has written so far, and end it by an interrupt."""
    words = ["webhooks", "listen", "--forward", receiver.url(path), "--events", "pet.created", "--api", served.url]
    with tempfile.NamedTemporaryFile(prefix="esteio-test-listen-") as output:
        process = subprocess.Popen(
            [*COMMAND, *words, "--secret", SECRET, *more],
            env=surroundings({"ESTEIO_AUTH__API_KEY": ADMIN_KEY, "PYTHONUNBUFFERED": "1"}),
            cwd=NOWHERE,
            stdout=output,
            stderr=output,
        )
        try:
            eventually(lambda: "Listening" in Path(output.name).read_text(), SECONDS)

            def end() -> None:
                process.send_signal(signal.SIGINT)
                process.wait(SECONDS)

            yield Path(output.name).read_text, end
        finally:
            process.kill()
            process.wait()
            keep_said(Path(output.name).read_text())


def named(receiver: Receiver) -> list[str]:
    """The names of the pets whose creation was told, verified by the public library."""
    found = [Webhook(SECRET).verify(request.body, request.headers) for request in list(receiver.requests)]
    return [told["data"]["pet"]["name"] for told in found]


def messages_of(receiver: Receiver) -> list[str]:
    """The ids of what came, in the order in which it came."""
    return [request.headers["webhook-id"] for request in list(receiver.requests)]


def test_facts_reach_a_url_of_this_machine(desk: Station, receiver: Receiver) -> None:
    """What becomes true is sent on as the house would send it; a run goes on where the one before ended."""
    with listening(desk.served, receiver) as (written, end):

        def told() -> bool:
            desk.served.pet(name="First")
            return bool(receiver.requests)

        eventually(told, SECONDS, 0.5)  # nothing says from outside when the stream has begun
        eventually(lambda: DONE.search(written()))
        end()
        since, done = SINCE.search(written()), set(DONE.findall(written()))
    assert since is not None and set(named(receiver)) == {"First"}
    desk.served.pet(name="Meanwhile")
    before = len(receiver.requests)
    with listening(desk.served, receiver, "--since", since[1]):
        eventually(lambda: "Meanwhile" in named(receiver), SECONDS)
    messages = messages_of(receiver)[before:]
    assert len(messages) == len(set(messages)) and not done & set(messages)


def test_what_was_interrupted_is_sent_again(desk: Station, receiver: Receiver) -> None:
    """A fact whose receiver had not answered when the run was ended is not lost: the next run begins with it."""
    with listening(desk.served, receiver, path="/held") as (written, end):

        def told() -> bool:
            desk.served.pet(name="Held")
            return bool(receiver.requests)

        eventually(told, SECONDS, 0.5)
        end()
        since, done = SINCE.search(written()), DONE.search(written())
    assert since is not None and done is None
    (held,) = messages_of(receiver)
    receiver.gate.set()
    with listening(desk.served, receiver, "--since", since[1]) as (written, end):
        eventually(lambda: DONE.search(written()), SECONDS)
        assert DONE.findall(written())[0] == held


def test_deliveries_are_listed_and_replayed(desk: Station, receiver: Receiver) -> None:
    """The other two commands show and repeat what was sent; a refusal is one sentence."""
    endpoint = desk.endpoint(receiver.url(), "pet.fed")
    delivery = desk.served.client.post(f"{ENDPOINTS}/{endpoint['id']}/test").json()["data"]["id"]
    given = {"ESTEIO_AUTH__API_KEY": ADMIN_KEY}
    where = ("--api", desk.served.url)
    listed = run("webhooks", "list", *where, environment=given)
    assert listed.code == 0 and delivery in listed.out and "webhook.test" in listed.out
    replayed = run("webhooks", "replay", delivery, *where, environment=given)
    assert (replayed.code, replayed.out.strip()) == (0, f"{delivery} is pending.")
    assert desk.served.client.get(f"{DELIVERIES}/{delivery}").json()["data"]["state"] == "pending"
    refused = run("webhooks", "list", *where, "--api-key", "wrong", environment={})
    assert refused.code == 1 and "Traceback" not in refused.said and "credentials" in refused.err


def test_listening_asks_for_the_permission(desk: Station, receiver: Receiver) -> None:
    """A key without webhooks:read hears nothing and is told why."""
    key = desk.served.key("pets:write")
    refused = run(
        "webhooks", "listen", "--forward", receiver.url(), "--api", desk.served.url, "--api-key", key, environment={}
    )
    assert refused.code == 1 and "Traceback" not in refused.said and "Error" in refused.err
