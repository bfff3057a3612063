"""What a worker's deliveries do not reach, and whom a bad receiver does not delay."""

import time
from datetime import datetime
from typing import Any

import orjson
import pytest
from standardwebhooks import Webhook

from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.webhooks.deliveries import deliver_once
from esteio.webhooks.signing import SigningSecret
from tests.house import eventually
from tests.upstream.receiver import Receiver
from tests.webhooks.station import ENDPOINTS, Station, percentile

NOT_PUBLIC = "The address leads to a network that is not public."
GOOD, FACTS = 19, 10
P95 = 2.0
"""Seconds from a fact to its receiver, with one of twenty hanging; asserted with room for a busy machine."""


class TestNotReached:
    @pytest.mark.parametrize("host", ["localhost", "10.0.0.1", "[::1]", "169.254.169.254", "167772161.", "0x0a000001"])
    def test_a_url_that_leads_inside(self, desk: Station, receiver: Receiver, host: str) -> None:
        """A URL that came to lead inside after it was registered is refused at each attempt, and the log says so."""
        endpoint = desk.endpoint(receiver.url(), "pet.fed")
        url = f"http://{host}:{receiver.port}/ok"
        desk.served.sql("UPDATE webhook_endpoints SET url = $1 WHERE id = $2", url, endpoint["id"])
        desk.test(endpoint)
        tried = desk.tried(endpoint, 1)
        assert (tried["state"], tried["last_status"], receiver.requests) == ("pending", None, [])
        assert tried["last_error"] == NOT_PUBLIC or tried["last_error"].startswith("The URL cannot be called")

    def test_a_redirect_inside(self, desk: Station, receiver: Receiver) -> None:
        """Where a receiver sends the sender on to is not called."""
        endpoint = desk.endpoint(receiver.url("/redirect/secret"), "pet.fed")
        desk.test(endpoint)
        desk.tried(endpoint, 1)
        assert [request.path for request in receiver.requests] == ["/redirect/secret"]


class TestOnce:
    def test_a_url_of_a_single_request(self, desk: Station, receiver: Receiver) -> None:
        """A message to a URL without an endpoint goes the same way: signed, logged, retried, sealed."""
        secret, served = SigningSecret.new("v1").shown, desk.served
        receiver.statuses = [503]

        async def send() -> Any:
            resources = served.app.resources
            async with transaction(resources.database, DEFAULT_TENANT) as session:
                return await deliver_once(
                    session,
                    resources.keyring,
                    tenant=DEFAULT_TENANT,
                    url=receiver.url("/ok/once"),
                    secret=secret,
                    event="capsule.ready",
                    subject="7",
                    data={"id": 7},
                    at=resources.clock.now(),
                )

        delivery = str(served.run(send))
        eventually(lambda: desk.delivery(delivery)["attempts"] == 1)
        desk.hurry()
        eventually(lambda: desk.delivery(delivery)["state"] == "delivered")
        first, second = receiver.to("/ok/once")
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert Webhook(secret).verify(second.body, second.headers)["data"] == {"id": 7}
        assert desk.delivery(delivery)["endpoint_id"] is None
        rows = served.sql("SELECT d::text AS row FROM webhook_deliveries d WHERE id = $1", delivery)
        assert secret not in rows[0]["row"]


class TestNotDelayed:
    def test_one_of_twenty_hangs(self, desk: Station, receiver: Receiver) -> None:
        """Nineteen receivers are told in time what the twentieth keeps waiting for."""
        hanging = desk.endpoint(receiver.url("/hang"), "pet.created")
        good = [desk.endpoint(receiver.url(f"/ok/{number}"), "pet.created") for number in range(GOOD)]
        for number in range(FACTS):
            desk.served.pet(name=f"Fact {number}")
        wanted = GOOD * FACTS

        def told() -> list[Any]:
            return [request for request in list(receiver.requests) if request.path.startswith("/ok/")]

        eventually(lambda: len(told()) == wanted, 60.0)
        late = [
            request.at - datetime.fromisoformat(orjson.loads(request.body)["timestamp"]).timestamp()
            for request in told()
        ]
        p50, p95 = percentile(late, 0.5), percentile(late, 0.95)
        print(f"fact to receiver, one of twenty hanging: p50 {p50:.2f} s, p95 {p95:.2f} s, {wanted} deliveries")
        assert p95 < 5 * P95
        assert len({request.headers["webhook-id"] for request in told()}) == FACTS
        assert len(receiver.to("/hang")) <= 4 * (1 + (time.time() - min(request.at for request in told())) / 5)
        for endpoint in (hanging, *good):
            desk.served.client.delete(f"{ENDPOINTS}/{endpoint['id']}")
