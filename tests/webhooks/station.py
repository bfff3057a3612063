"""A house with its worker and scheduler as processes of their own, and what tests of webhooks ask of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.conftest import House
from tests.house import Served, environment, eventually
from tests.webhooks.senders import SERVICES, TABLE
from tests.worker.processes import scheduler, worker

HOOKS = "/api/v2/webhooks"
DELIVERIES = f"{HOOKS}/deliveries"
ENDPOINTS = f"{HOOKS}/endpoints"
PLACE = "tests.webhooks.senders:SERVICES"
OPEN = {"UPSTREAM__ALLOWED_NETWORKS": "127.0.0.0/8", "UPSTREAM__TOTAL_TIMEOUT": "5", "JOBS__POLL": "0.2"}


@dataclass(frozen=True)
class Station:
    """`served` is the API; a worker and a scheduler run beside it on the same databases."""

    served: Served

    def endpoint(self, url: str, *events: str, **members: Any) -> dict[str, Any]:
        """A new endpoint, with its secret."""
        return endpoint(self.served, url, *events, **members)

    def deliveries(self, endpoint: dict[str, Any], **params: Any) -> list[dict[str, Any]]:
        """The endpoint's deliveries, the newest first."""
        asked = {"endpoint_id": endpoint["id"], "per_page": 100, **params}
        found: list[dict[str, Any]] = self.served.client.get(DELIVERIES, params=asked).json()["data"]
        return found

    def delivery(self, delivery: str) -> dict[str, Any]:
        """One delivery with its log."""
        found: dict[str, Any] = self.served.client.get(f"{DELIVERIES}/{delivery}").json()["data"]
        return found

    def tried(self, endpoint: dict[str, Any], attempts: int, within: float = 40.0) -> dict[str, Any]:
        """The endpoint's only delivery, once it was tried so often and that is written down."""

        def look() -> dict[str, Any] | None:
            found = self.deliveries(endpoint)
            return self.delivery(found[0]["id"]) if found and found[0]["attempts"] >= attempts else None

        found: dict[str, Any] = eventually(look, within, 0.05)
        return found

    def ended(self, endpoint: dict[str, Any], state: str = "delivered", number: int = 1) -> list[dict[str, Any]]:
        """The endpoint's deliveries, once there are so many and all have ended so."""

        def look() -> bool:
            found = self.deliveries(endpoint)
            return len(found) == number and all(one["state"] == state for one in found)

        eventually(look, 40.0, 0.05)
        return self.deliveries(endpoint)

    def hurry(self) -> None:
        """Let everything that rests be due now."""

        def resting() -> bool:
            rows = self.served.sql(
                "UPDATE job_tickets SET due_at = now() WHERE state = 'retrying' AND due_at > now() RETURNING job_id"
            )
            return bool(rows)

        eventually(resting, 30.0)

    def test(self, endpoint: dict[str, Any]) -> dict[str, Any]:
        """A delivery of `webhook.test`."""
        answer = self.served.client.post(f"{ENDPOINTS}/{endpoint['id']}/test")
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = answer.json()["data"]
        return found


def endpoint(served: Served, url: str, *events: str, **members: Any) -> dict[str, Any]:
    body = {"url": url, "events": events or ["pet.*"], **members}
    answer = served.client.post(ENDPOINTS, json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


@contextmanager
def station(house: House, database_url: str, redis_url: str, **changes: str) -> Iterator[Station]:
    """A whole deployment until the block ends."""
    given = environment(database_url, redis_url, **OPEN, **changes)
    with (
        house(services=SERVICES, database_url=database_url, redis_url=redis_url, **OPEN, **changes) as served,
        worker(given, queues="io", services=PLACE),
        scheduler(given, services=PLACE),
    ):
        for statement in TABLE.split(";"):
            served.sql(statement)
        yield Station(served)


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which so large a part of the values lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]
