"""Deliveries by real workers to real receivers: what they are sent, when again, and when no more."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from esteio.webhooks.schemes import Arrival, StandardWebhooks
from tests.house import eventually, unused_port
from tests.upstream.receiver import Receiver
from tests.webhooks.station import DELIVERIES, ENDPOINTS, Station


def verified(secret: str, request: Any) -> Any:
    """The body of a request as the public library reads it once it has verified it."""
    return Webhook(secret).verify(request.body, request.headers)


class TestDelivered:
    def test_a_fact_is_told_signed_and_logged(self, desk: Station, receiver: Receiver) -> None:
        """A committed change reaches whoever asks for it, signed by the standard; row and log say how it went."""
        endpoint = desk.endpoint(receiver.url(), "pet.created")
        pet = desk.served.pet(name="Told")
        [delivery] = desk.ended(endpoint)
        [request] = receiver.requests
        told = verified(endpoint["secret"], request)
        assert (told["type"], told["data"]["pet"]["id"]) == ("pet.created", pet["id"])
        assert datetime.fromisoformat(told["timestamp"]).tzinfo is not None
        assert request.headers["webhook-id"] == delivery["message_id"]
        assert request.headers["content-type"] == "application/json"
        detail = desk.delivery(delivery["id"])
        assert detail["body"].encode() == request.body
        [tried] = detail["log"]
        assert (tried["number"], tried["status"], tried["answer"], tried["error"]) == (1, 200, "so be it", None)
        assert tried["headers"] == {
            name: request.headers[name] for name in ("content-type", "webhook-id", "webhook-timestamp")
        }
        assert (delivery["attempts"], delivery["last_status"], delivery["next_at"]) == (1, 200, None)
        assert delivery["subject"] == pet["id"]

    def test_only_what_is_asked_for(self, desk: Station, receiver: Receiver) -> None:
        """Each endpoint is told the kinds of facts that it named, and others nothing."""
        fed = desk.endpoint(receiver.url("/ok/fed"), "pet.fed")
        pets = desk.endpoint(receiver.url("/ok/pets"), "pet.*")
        both = desk.endpoint(receiver.url("/ok/both"), "*", "pet.fed")
        off = desk.endpoint(receiver.url("/ok/off"), "*", enabled=False)
        pet = desk.served.pet()
        desk.served.client.post(f"/api/v2/pets/{pet['id']}/feedings", json={"food": "kibble", "grams": 5})
        desk.ended(pets, number=2)
        desk.ended(both, number=2)
        desk.ended(fed)
        assert desk.deliveries(off) == []
        assert len(receiver.to("/ok/fed")) == 1 and len(receiver.to("/ok/both")) == 2

    def test_both_secrets_during_a_rotation(self, desk: Station, receiver: Receiver) -> None:
        """After a rotation deliveries verify with the old and the new secret, without an overlap with the new alone."""
        endpoint = desk.endpoint(receiver.url(), "pet.fed")
        rotate = f"{ENDPOINTS}/{endpoint['id']}/rotate"
        second = desk.served.client.post(rotate, json={"overlap_seconds": 3600}).json()["data"]["secret"]
        desk.test(endpoint)
        desk.ended(endpoint)
        for secret in (endpoint["secret"], second):
            verified(secret, receiver.requests[0])
        third = desk.served.client.post(rotate, json={"overlap_seconds": 0}).json()["data"]["secret"]
        desk.test(endpoint)
        desk.ended(endpoint, number=2)
        assert receiver.requests[1].headers["webhook-signature"].count("v1,") == 1
        verified(third, receiver.requests[1])

    def test_ed25519(self, desk: Station, receiver: Receiver) -> None:
        """An endpoint that asks for it is sent signatures that its public key verifies."""
        endpoint = desk.endpoint(receiver.url(), "pet.fed", signing="v1a")
        desk.test(endpoint)
        desk.ended(endpoint)
        [request] = receiver.requests
        assert StandardWebhooks().verify(Arrival(request.headers, {}, request.body), [endpoint["secret"]], request.at)


class TestAgain:
    def test_a_retry_keeps_the_id_and_signs_anew(self, desk: Station, receiver: Receiver) -> None:
        """A failed attempt is followed by one with the same id and bytes, a new time and a new signature."""
        receiver.statuses = [500]
        endpoint = desk.endpoint(receiver.url(), "pet.fed")
        desk.test(endpoint)
        before = desk.tried(endpoint, 1)
        assert (before["state"], before["last_error"]) == ("pending", "The receiver answered 500.")
        assert 3 <= _rest(before) <= 7
        eventually(lambda: len(receiver.requests) == 2)  # by itself, after the first rest of the schedule
        desk.ended(endpoint)
        first, second = receiver.requests
        assert first.headers["webhook-id"] == second.headers["webhook-id"] and first.body == second.body
        assert int(second.headers["webhook-timestamp"]) > int(first.headers["webhook-timestamp"])
        assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
        assert [one["status"] for one in desk.tried(endpoint, 2)["log"]] == [500, 200]

    @pytest.mark.parametrize(
        ("path", "status", "words"),
        [
            ("/status/302", 302, "answered 302"),
            ("/redirect/ok", 302, "answered 302"),
            ("/status/400", 400, "answered 400"),
            ("/close", None, "no HTTP answer"),
            ("/garbage", None, "no HTTP answer"),
        ],
    )
    def test_what_is_no_2xx_is_a_failure(
        self, desk: Station, receiver: Receiver, path: str, status: int | None, words: str
    ) -> None:
        """Redirects, refusals and rubbish are failed attempts, each in the log; a redirect is not followed."""
        endpoint = desk.endpoint(receiver.url(path), "pet.fed")
        desk.test(endpoint)
        tried = desk.tried(endpoint, 1)
        assert (tried["log"][0]["status"], tried["state"]) == (status, "pending")
        assert words in tried["log"][0]["error"]
        assert {request.path for request in receiver.requests} == {path}

    def test_nobody_there(self, desk: Station) -> None:
        """A closed port is a failed attempt in words that tell nothing of the network."""
        endpoint = desk.endpoint(f"http://127.0.0.1:{unused_port()}/", "pet.fed")
        desk.test(endpoint)
        [tried] = desk.tried(endpoint, 1)["log"]
        assert (tried["status"], tried["error"]) == (None, "No connection could be made.")

    def test_only_the_beginning_of_an_answer_is_kept(self, desk: Station, receiver: Receiver) -> None:
        """Of 50 MB the log holds the first kilobyte."""
        endpoint = desk.endpoint(receiver.url("/huge"), "pet.fed")
        desk.test(endpoint)
        desk.ended(endpoint)
        assert desk.tried(endpoint, 1)["log"][0]["answer"] == "h" * 1024

    @pytest.mark.parametrize(("path", "asked"), [("/status/429/600", 600), ("/status/503/9999999", 86_400)])
    def test_retry_after(self, desk: Station, receiver: Receiver, path: str, asked: int) -> None:
        """Who is asked to wait waits, though never longer than a day."""
        endpoint = desk.endpoint(receiver.url(path), "pet.fed")
        desk.test(endpoint)
        assert asked - 10 <= _rest(desk.tried(endpoint, 1)) <= asked + 10

    def test_the_schedule_ends(self, desk: Station, receiver: Receiver) -> None:
        """After ten attempts the delivery has failed; its rests grow as the schedule says."""
        endpoint = desk.endpoint(receiver.url("/status/500"), "pet.fed")
        desk.test(endpoint)
        rests = []
        for number in range(1, 10):
            rests.append(_rest(desk.tried(endpoint, number)))
            if number > 1:
                desk.hurry()
        schedule = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
        for rest, meant in zip(rests, schedule, strict=True):
            assert 0.85 * meant <= rest <= 1.15 * meant
        ended = desk.tried(endpoint, 10)
        assert (ended["state"], ended["next_at"], len(receiver.requests)) == ("failed", None, 10)
        assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1


class TestDisabled:
    def test_410(self, desk: Station, receiver: Receiver) -> None:
        """A receiver that says it is gone is left alone at once; its owner is told and the log knows."""
        owner = desk.endpoint(receiver.url("/ok/owner"), "webhook.disabled")
        endpoint = desk.endpoint(receiver.url("/status/410"), "pet.fed")
        desk.test(endpoint)
        desk.ended(endpoint, "failed")
        shown = self._shown(desk, endpoint)
        assert (shown["enabled"], shown["disabled_reason"]) == (False, "gone")
        desk.ended(owner)
        [told] = receiver.to("/ok/owner")
        assert verified(owner["secret"], told)["data"]["reason"] == "gone"
        assert self._audited(desk, endpoint) == 1

    def test_five_days(self, desk: Station, receiver: Receiver) -> None:
        """An endpoint that has failed for five days is disabled, and its owner told; not a day earlier."""
        owner = desk.endpoint(receiver.url("/ok/owner"), "webhook.disabled")
        endpoint = desk.endpoint(receiver.url("/status/500"), "pet.fed")
        desk.test(endpoint)
        desk.tried(endpoint, 1)
        assert self._shown(desk, endpoint)["failing_since"]
        self._failing_for(desk, endpoint, 4.9)
        desk.tried(endpoint, 2)
        assert self._shown(desk, endpoint)["enabled"]
        self._failing_for(desk, endpoint, 5.1)
        desk.hurry()
        desk.ended(endpoint, "failed")
        shown = self._shown(desk, endpoint)
        assert (shown["enabled"], shown["disabled_reason"]) == (False, "failing")
        desk.ended(owner)
        assert verified(owner["secret"], receiver.to("/ok/owner")[0])["data"]["id"] == endpoint["id"]
        assert self._audited(desk, endpoint) == 1

    def test_a_success_begins_anew(self, desk: Station, receiver: Receiver) -> None:
        """One delivery that succeeds forgets all failures before it."""
        endpoint = desk.endpoint(receiver.url(), "pet.fed")
        self._failing_for(desk, endpoint, 9)
        desk.test(endpoint)
        desk.ended(endpoint)
        assert self._shown(desk, endpoint)["failing_since"] is None

    def test_enabled_again(self, desk: Station, receiver: Receiver) -> None:
        """Who enables it starts with a clean slate; what failed meanwhile can be replayed."""
        receiver.statuses = [410]
        endpoint = desk.endpoint(receiver.url(), "pet.fed")
        desk.test(endpoint)
        [failed] = desk.ended(endpoint, "failed")
        again = f"{DELIVERIES}/{failed['id']}/replay"
        refused = desk.served.client.post(again)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "WEBHOOK_ENDPOINT_DISABLED")
        where = f"{ENDPOINTS}/{endpoint['id']}"
        shown = desk.served.client.patch(where, json={"enabled": True}).json()["data"]
        assert (shown["enabled"], shown["failing_since"], shown["disabled_at"]) == (True, None, None)
        assert desk.served.client.post(again).status_code == 202
        desk.ended(endpoint)
        assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1

    @pytest.mark.parametrize("how", ["disable", "delete"])
    def test_nothing_more_is_sent(self, desk: Station, receiver: Receiver, how: str) -> None:
        """What waits for its next attempt is given up when the endpoint is disabled or deleted meanwhile."""
        receiver.statuses = [500]
        endpoint = desk.endpoint(receiver.url(), "pet.fed")
        desk.test(endpoint)
        desk.tried(endpoint, 1)
        where = f"{ENDPOINTS}/{endpoint['id']}"
        if how == "delete":
            assert desk.served.client.delete(where).status_code == 204
        else:
            desk.served.client.patch(where, json={"enabled": False})
        [ended] = desk.ended(endpoint, "failed")
        assert (ended["last_error"], len(receiver.requests)) == ("The endpoint is disabled.", 1)

    def _shown(self, desk: Station, endpoint: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = desk.served.client.get(f"{ENDPOINTS}/{endpoint['id']}").json()["data"]
        return found

    def _failing_for(self, desk: Station, endpoint: dict[str, Any], days: float) -> None:
        since = datetime.now(UTC) - timedelta(days=days)
        desk.served.sql("UPDATE webhook_endpoints SET failing_since = $1 WHERE id = $2", since, endpoint["id"])

    def _audited(self, desk: Station, endpoint: dict[str, Any]) -> int:
        asked = {"subject": f"webhook:{endpoint['id']}", "action": "webhook.disabled"}
        found: int = desk.served.client.get("/api/v2/audit", params=asked).json()["meta"]["pagination"]["total"]
        return found


def _rest(delivery: dict[str, Any]) -> float:
    """Seconds between the last attempt and the next."""
    then, last = (datetime.fromisoformat(text) for text in (delivery["next_at"], delivery["log"][-1]["at"]))
    return (then - last).total_seconds()
