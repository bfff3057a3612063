"""Sending again what was sent before: each once, under its id."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from tests.house import eventually
from tests.upstream.receiver import Receiver
from tests.webhooks.station import DELIVERIES, ENDPOINTS, Station


def replay(desk: Station, endpoint: dict[str, Any], **body: Any) -> httpx.Response:
    return desk.served.client.post(f"{ENDPOINTS}/{endpoint['id']}/replay", json=body)


def done(desk: Station, answer: httpx.Response) -> dict[str, Any]:
    """The task of a replay, once it has ended well."""
    assert answer.status_code == 202, answer.text
    place = answer.headers["location"]

    def look() -> Any:
        task = desk.served.client.get(place).json()["data"]
        assert task["state"] not in ("failed", "cancelled"), task
        return task if task["state"] == "succeeded" else None

    found: dict[str, Any] = eventually(look, 40.0, 0.05)
    return found


def counted(receiver: Receiver, path: str = "/ok") -> Counter[str]:
    """How often each message came."""
    return Counter(request.headers["webhook-id"] for request in receiver.to(path))


def moment() -> str:
    return datetime.now(UTC).isoformat()


def test_one(desk: Station, receiver: Receiver) -> None:
    """A delivery that was delivered is sent once more: same id, same bytes, the attempts counted on."""
    endpoint = desk.endpoint(receiver.url(), "pet.fed")
    desk.test(endpoint)
    [delivery] = desk.ended(endpoint)
    assert desk.served.client.post(f"{DELIVERIES}/{delivery['id']}/replay").json()["data"]["state"] == "pending"
    desk.ended(endpoint)
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"] and first.body == second.body
    assert [one["number"] for one in desk.tried(endpoint, 2)["log"]] == [1, 2]


def test_a_range_is_sent_once_each(desk: Station, receiver: Receiver) -> None:
    """Of three portions' worth, those of the range are sent once more each, and nothing outside it."""
    endpoint = desk.endpoint(receiver.url("/ok"), "pet.created")
    desk.served.pet(name="Before")
    desk.ended(endpoint)
    since = moment()
    for number in range(30):
        desk.served.pet(name=f"Pet {number}")
    eventually(lambda: len(receiver.to("/ok")) == 31)
    until = moment()
    desk.served.pet(name="After")
    eventually(lambda: desk.deliveries(endpoint, state="delivered", per_page=1) and len(receiver.to("/ok")) == 32)
    desk.ended(endpoint, number=32)
    task = done(desk, replay(desk, endpoint, since=since, until=until, which="all"))
    assert task["result"]["deliveries"] == 30
    desk.ended(endpoint, number=32)
    assert sorted(counted(receiver).values()) == [1, 1] + [2] * 30


def test_what_failed(desk: Station, receiver: Receiver) -> None:
    """Of all since a time only those that failed are sent again; asking twice at once sends each once."""
    receiver.statuses = [500] * 5
    endpoint = desk.endpoint(receiver.url("/ok"), "pet.created")
    since = moment()
    for number in range(5):
        desk.served.pet(name=f"Failed {number}")
    resting = "SELECT count(*) FROM job_tickets WHERE lane = $1 AND state = 'retrying'"
    eventually(lambda: desk.served.sql(resting, endpoint["id"])[0][0] == 5)
    desk.served.sql(
        "UPDATE webhook_deliveries SET state = 'failed', finished_at = now(), next_at = NULL WHERE endpoint_id = $1",
        endpoint["id"],
    )
    desk.served.sql("DELETE FROM job_tickets WHERE name = 'webhooks.deliver'")
    desk.served.sql(
        "UPDATE jobs SET outcome = 'failed', finished_at = now() WHERE name = 'webhooks.deliver' AND outcome IS NULL"
    )
    desk.served.pet(name="Delivered")
    eventually(lambda: len(desk.deliveries(endpoint, state="delivered")) == 1)
    tasks = [replay(desk, endpoint, since=since) for _ in range(2)]
    results = [done(desk, task)["result"]["deliveries"] for task in tasks]
    desk.ended(endpoint, number=6)
    assert sum(results) == 5
    assert sorted(counted(receiver).values()) == [1] + [2] * 5


def test_what_is_pending_is_not_doubled(desk: Station, receiver: Receiver) -> None:
    """A delivery that waits for its next attempt is sent as it would have been, however often it is asked for."""
    receiver.statuses = [500]
    endpoint = desk.endpoint(receiver.url("/ok"), "pet.fed")
    delivery = desk.test(endpoint)
    desk.tried(endpoint, 1)
    for _ in range(3):
        assert desk.served.client.post(f"{DELIVERIES}/{delivery['id']}/replay").status_code == 202
    assert done(desk, replay(desk, endpoint, since="2020-01-01T00:00:00Z", which="all"))["result"]["deliveries"] == 0
    desk.hurry()
    desk.ended(endpoint)
    assert len(receiver.requests) == 2
    keys = desk.served.sql("SELECT count(*) FROM jobs WHERE unique_key = $1", f"delivery:{delivery['id']}")
    assert keys[0][0] == 1


def test_concurrent_replays_of_one(desk: Station, receiver: Receiver) -> None:
    """Ten requests at once to replay a delivery make one more attempt, or as many as ended before the next began."""
    endpoint = desk.endpoint(receiver.url("/ok"), "pet.fed")
    delivery = desk.test(endpoint)
    desk.ended(endpoint)
    with ThreadPoolExecutor(10) as pool:
        path = f"{DELIVERIES}/{delivery['id']}/replay"
        answers = list(pool.map(lambda _: desk.served.client.post(path).status_code, range(10)))
    assert answers == [202] * 10
    desk.ended(endpoint)
    jobs = desk.served.sql("SELECT count(*) FROM jobs WHERE unique_key = $1", f"delivery:{delivery['id']}")
    assert len(receiver.requests) == jobs[0][0] == desk.deliveries(endpoint)[0]["attempts"]


def test_404_and_422(desk: Station) -> None:
    """An endpoint or delivery that is none is not replayed; a range needs its beginning."""
    assert desk.served.client.post(f"{DELIVERIES}/{uuid4()}/replay").status_code == 404
    assert replay(desk, {"id": uuid4()}, since=moment()).status_code == 404
    assert replay(desk, {"id": uuid4()}).status_code == 422
