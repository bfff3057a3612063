"""Webhooks that others send here: verified, kept, counted once, worked off by a job."""

import hmac
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from standardwebhooks import Webhook

from esteio.webhooks.signing import shared_secret, signed_headers
from tests.conftest import House
from tests.contract.problems import problem
from tests.house import eventually
from tests.webhooks.senders import HMAC_SECRET, NEW, OLD, SERVICES
from tests.webhooks.station import HOOKS, OPEN, Station

HOOK = "/api/v2/hooks/standard"
RECEIPTS = f"{HOOKS}/receipts"
LARGEST = 262_144


def send(
    desk: Station, body: bytes = b"{}", *, message: str | None = None, secret: str = NEW, at: float = 0.0, **more: str
) -> httpx.Response:
    """Send a message as the standard says; `at` is seconds from now."""
    sender_id = message or f"msg_{uuid4().hex}"
    headers = signed_headers(sender_id, int(time.time() + at), body, [shared_secret(secret)])
    return desk.served.anonymous.post(HOOK, content=body, headers={**headers, **more})


def heard(desk: Station, body: bytes) -> int:
    """How often a job has worked off these bytes."""
    return int(desk.served.sql("SELECT count(*) FROM heard WHERE body = $1", body)[0][0])


def receipts(desk: Station, message: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.served.client.get(RECEIPTS, params={"sender_id": message}).json()["data"]
    return found


def some() -> bytes:
    """A body that nobody else sends, which is no JSON: it is verified and kept before anything parses it."""
    return b"\xff\x00 not JSON " + uuid4().bytes


class TestTaken:
    def test_a_message_is_kept_and_worked_off(self, desk: Station) -> None:
        """It is answered at once; the job finds the exact bytes, and the receipt the headers that are kept."""
        body, message = some(), f"msg_{uuid4().hex}"
        answer = send(desk, body, message=message, **{"x-kept": "this", "x-dropped": "that", "cookie": "c=1"})
        assert (answer.status_code, answer.json()["data"]) == (200, {"accepted": True})
        eventually(lambda: heard(desk, body) == 1)
        [receipt] = receipts(desk, message)
        detail = desk.served.client.get(f"{RECEIPTS}/{receipt['id']}").json()["data"]
        assert detail["headers"]["x-kept"] == "this" and detail["headers"]["webhook-id"] == message
        assert {"x-dropped", "cookie", "webhook-signature"}.isdisjoint(detail["headers"])

    @pytest.mark.parametrize("secret", [OLD, NEW])
    def test_during_a_rotation_of_theirs(self, desk: Station, secret: str) -> None:
        """Both secrets of the setting are good."""
        assert send(desk, some(), secret=secret).status_code == 200

    @pytest.mark.parametrize("at", [-290, 290])
    def test_clocks_may_differ(self, desk: Station, at: float) -> None:
        """Five minutes to either side are borne."""
        assert send(desk, some(), at=at).status_code == 200

    def test_by_the_library(self, desk: Station) -> None:
        """A sender with the public library is understood."""
        now, body = datetime.now(UTC), uuid4().hex
        signature = Webhook(NEW).sign("msg_lib", now, body)
        headers = {"webhook-id": "msg_lib", "webhook-timestamp": str(int(now.timestamp()))}
        sent = {**headers, "webhook-signature": signature}
        assert desk.served.anonymous.post(HOOK, content=body, headers=sent).status_code == 200

    def test_another_scheme(self, desk: Station) -> None:
        """A sender with a plain HMAC is known by the digest of its bodies: the same one twice is one message."""
        body = some()
        signature = hmac.digest(HMAC_SECRET.encode(), body, "sha256").hex()
        for _ in range(2):
            path = "/api/v2/hooks/other"
            assert desk.served.anonymous.post(path, content=body, headers={"X-Signature": signature}).is_success
        eventually(lambda: heard(desk, body) == 1)


class TestOnce:
    def test_a_duplicate_is_answered_and_has_no_effect(self, desk: Station) -> None:
        """The sender's retry gets the same answer, and nothing happens again."""
        body, message = some(), f"msg_{uuid4().hex}"
        answers = [send(desk, body, message=message) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200] * 3
        eventually(lambda: heard(desk, body) == 1)
        assert send(desk, body, message=message).status_code == 200
        assert len(receipts(desk, message)) == 1
        assert heard(desk, body) == 1

    def test_thirty_at_once(self, desk: Station) -> None:
        """Of duplicates that arrive together one counts, and all are answered well."""
        body, message = some(), f"msg_{uuid4().hex}"
        with ThreadPoolExecutor(30) as pool:
            answers = list(pool.map(lambda _: send(desk, body, message=message).status_code, range(30)))
        assert answers == [200] * 30
        eventually(lambda: heard(desk, body) == 1)
        jobs = "SELECT count(*) FROM jobs WHERE name = 'senders.hear' AND unique_key = $1"
        [receipt] = receipts(desk, message)
        assert desk.served.sql(jobs, f"receipt:{receipt['id']}")[0][0] == 1

    def test_replayed_by_hand(self, desk: Station) -> None:
        """An operator can have a receipt worked off again, which the sender cannot."""
        body, message = some(), f"msg_{uuid4().hex}"
        send(desk, body, message=message)
        eventually(lambda: heard(desk, body) == 1)
        [receipt] = receipts(desk, message)
        eventually(lambda: self._idle(desk, receipt))
        assert desk.served.client.post(f"{RECEIPTS}/{receipt['id']}/replay").status_code == 202
        eventually(lambda: heard(desk, body) == 2)

    def _idle(self, desk: Station, receipt: dict[str, Any]) -> bool:
        living = "SELECT 1 FROM jobs WHERE unique_key = $1 AND outcome IS NULL"
        return not desk.served.sql(living, f"receipt:{receipt['id']}")


class TestRefused:
    def test_an_altered_body(self, desk: Station) -> None:
        """Bytes that were not signed are not kept."""
        message = f"msg_{uuid4().hex}"
        headers = signed_headers(message, int(time.time()), b"{}", [shared_secret(NEW)])
        problem(desk.served.anonymous.post(HOOK, content=b"{ }", headers=headers), 401, "INVALID_SIGNATURE")
        assert receipts(desk, message) == []

    @pytest.mark.parametrize("at", [-310, 310])
    def test_a_stale_message(self, desk: Station, at: float) -> None:
        """What is more than five minutes away is refused, however well it is signed."""
        problem(send(desk, at=at), 401, "INVALID_SIGNATURE")

    def test_a_wrong_secret(self, desk: Station) -> None:
        """Somebody else's signature is none."""
        problem(send(desk, secret="whsec_" + "eHh4" * 8), 401, "INVALID_SIGNATURE")

    @pytest.mark.parametrize(
        "change",
        [
            {"webhook-signature": b""},
            {"webhook-signature": "v1,é".encode()},
            {"webhook-signature": b"\xff\xfe,\x80"},
            {"webhook-id": b""},
            {"webhook-id": b"\xe9"},
            {"webhook-id": b"x" * 300},
            {"webhook-timestamp": b"soon"},
            {"webhook-timestamp": b"\xd9\xa1"},
        ],
    )
    def test_rubbish(self, desk: Station, change: dict[str, bytes]) -> None:
        """Header fields of any bytes are a plain refusal."""
        headers = signed_headers(f"msg_{uuid4().hex}", int(time.time()), b"{}", [shared_secret(NEW)])
        given = {name: value.encode() for name, value in headers.items()} | change
        problem(desk.served.anonymous.post(HOOK, content=b"{}", headers=given), 401, "INVALID_SIGNATURE")

    def test_no_proof_at_all(self, desk: Station) -> None:
        """Not even the administrator's key stands for a signature."""
        problem(desk.served.client.post(HOOK, content=b"{}"), 401, "INVALID_SIGNATURE")

    @pytest.mark.parametrize("source", ["unset", "nobody"])
    def test_unknown_senders(self, desk: Station, source: str) -> None:
        """A sender without a secret is as unknown as one that nobody declares, whoever signs."""
        headers = signed_headers("m", int(time.time()), b"{}", [shared_secret(NEW)])
        answer = desk.served.anonymous.post(f"/api/v2/hooks/{source}", content=b"{}", headers=headers)
        problem(answer, 404, "NOT_FOUND")

    def test_a_large_body(self, desk: Station) -> None:
        """What is larger than the bound is refused before it is verified; what is as large is taken."""
        problem(send(desk, b"x" * (LARGEST + 1)), 413, "PAYLOAD_TOO_LARGE")
        assert send(desk, some() + b"x" * (LARGEST - 100)).status_code == 200


class TestReceipts:
    def test_they_are_the_tenants_own(self, desk: Station) -> None:
        """Who may not read webhooks reads no receipts."""
        with desk.served.with_key(desk.served.key("pets:write")) as client:
            problem(client.get(RECEIPTS), 403, "FORBIDDEN")


class TestWithoutWorkers:
    @pytest.fixture
    def alone(self, house: House) -> Iterator[Station]:
        """An API with nobody beside it."""
        with house(services=SERVICES, **OPEN) as served:
            yield Station(served)

    def test_a_message_waits_for_its_worker(self, alone: Station) -> None:
        """While no worker is up messages are taken all the same; receipt and job are committed together."""
        message = f"msg_{uuid4().hex}"
        assert send(alone, message=message).status_code == 200
        [receipt] = receipts(alone, message)
        found = alone.served.sql(
            "SELECT j.outcome FROM jobs j JOIN job_tickets t ON t.job_id = j.id WHERE j.id = $1", receipt["job_id"]
        )
        assert [row["outcome"] for row in found] == [None]
