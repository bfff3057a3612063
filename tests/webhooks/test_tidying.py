"""What is removed in time, and deliveries whose job was lost."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.jobs.enqueue import enqueue
from esteio.webhooks.kinds import TIDY, TidyOrder
from tests.house import eventually
from tests.upstream.receiver import Receiver
from tests.webhooks.station import Station


@pytest.fixture
def tidied(desk: Station) -> Iterator[Callable[[], dict[str, Any]]]:
    """Runs the job; what it did."""

    def run() -> dict[str, Any]:
        async def ask() -> Any:
            async with transaction(desk.served.app.resources.database, DEFAULT_TENANT) as session:
                return await enqueue(session, TIDY, TidyOrder(), tenant=DEFAULT_TENANT, principal="test")

        job = desk.served.run(ask)
        ended = "SELECT result FROM jobs WHERE id = $1 AND outcome = 'succeeded'"
        eventually(lambda: desk.served.sql(ended, job))
        return dict(
            desk.served.sql(
                "SELECT (result->>'deliveries')::int AS deliveries, (result->>'lost')::int AS lost,"
                " (result->>'receipts')::int AS receipts, (result->>'endpoints')::int AS endpoints"
                " FROM jobs WHERE id = $1",
                job,
            )[0]
        )

    yield run


def test_what_is_old_goes(desk: Station, receiver: Receiver, tidied: Callable[[], dict[str, Any]]) -> None:
    """Ended deliveries, receipts and deleted endpoints go after their time; what is younger or pending stays."""
    kept, old = desk.endpoint(receiver.url(), "pet.fed"), desk.endpoint(receiver.url(), "pet.fed")
    for endpoint in (kept, old):
        desk.test(endpoint)
        desk.ended(endpoint)
    sql = desk.served.sql
    sql("UPDATE webhook_deliveries SET finished_at = now() - interval '31 days' WHERE endpoint_id = $1", old["id"])
    sql("UPDATE webhook_endpoints SET deleted_at = now() - interval '31 days' WHERE id = $1", old["id"])
    for number, days in ((1, 61), (2, 59)):
        sql(
            "INSERT INTO webhook_receipts VALUES (gen_random_uuid(), $1, 'standard', $2, '{}', '', gen_random_uuid(),"
            " now() - $3 * interval '1 day')",
            DEFAULT_TENANT,
            f"old-{number}",
            days,
        )
    assert tidied() == {"deliveries": 1, "receipts": 1, "endpoints": 1, "lost": 0}
    assert len(desk.deliveries(kept)) == 1 and desk.deliveries(old) == []
    assert tidied() == {"deliveries": 0, "receipts": 0, "endpoints": 0, "lost": 0}


def test_a_delivery_without_a_job_is_not_pending_for_ever(
    desk: Station, receiver: Receiver, tidied: Callable[[], dict[str, Any]]
) -> None:
    """Where the job of a delivery was cancelled the delivery has failed an hour later, and can be replayed."""
    receiver.statuses = [500]
    endpoint = desk.endpoint(receiver.url(), "pet.fed")
    delivery = desk.test(endpoint)
    desk.tried(endpoint, 1)
    sql, key = desk.served.sql, f"delivery:{delivery['id']}"
    sql("DELETE FROM job_tickets WHERE job_id IN (SELECT id FROM jobs WHERE unique_key = $1)", key)
    sql("UPDATE jobs SET outcome = 'cancelled', finished_at = now() WHERE unique_key = $1", key)
    assert tidied()["lost"] == 0
    sql("UPDATE webhook_deliveries SET next_at = now() - interval '2 hours' WHERE id = $1", delivery["id"])
    assert tidied()["lost"] == 1
    assert desk.ended(endpoint, "failed")[0]["last_error"] == "The job that sends it was lost."
    desk.served.client.post(f"/api/v2/webhooks/deliveries/{delivery['id']}/replay")
    desk.ended(endpoint)
