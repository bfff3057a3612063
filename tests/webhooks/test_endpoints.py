"""Endpoints over HTTP: what each operation promises, how each refuses."""

from base64 import b64decode
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from esteio.telemetry.masking import mask_text
from tests.conftest import House
from tests.contract.problems import problem
from tests.house import Served
from tests.webhooks.station import DELIVERIES, ENDPOINTS, HOOKS, endpoint

URL = "https://hooks.example.com/esteio"


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    """A house that may call public addresses only, without a worker."""
    with house(WEBHOOKS__ENDPOINTS="1000") as running:
        yield running


def codes(answer: Any) -> list[str]:
    return [error["code"] for error in answer.json()["errors"]]


class TestMade:
    def test_the_secret_is_shown_once(self, served: Served) -> None:
        """The answer that makes an endpoint holds its secret; no later answer and no table does."""
        made = endpoint(served, URL, "*")
        secret = made["secret"]
        assert secret.startswith("whsec_") and len(secret) == 6 + 44
        answers = [
            served.client.get(f"{ENDPOINTS}/{made['id']}"),
            served.client.get(ENDPOINTS),
            served.client.get("/api/v2/audit"),
        ]
        assert all(answer.status_code == 200 and secret not in answer.text for answer in answers)
        raw = b64decode(secret.removeprefix("whsec_")).hex()
        for table in ("webhook_endpoints", "webhook_secrets", "idempotency_records", "audit_log"):
            rows = served.sql(f"SELECT t::text AS row FROM {table} t")
            assert not any(secret in row["row"] or raw in row["row"] for row in rows)

    def test_a_repeated_request_gets_the_same_secret(self, served: Served) -> None:
        """The same Idempotency-Key gives the same endpoint and secret, from an answer that is kept sealed."""
        body, headers = {"url": URL, "events": ["*"]}, {"Idempotency-Key": str(uuid4())}
        first, second = (served.client.post(ENDPOINTS, json=body, headers=headers) for _ in range(2))
        assert first.json()["data"] == second.json()["data"]
        assert second.headers["idempotency-replayed"] == "true"

    def test_a_bound_on_their_number(self, house: House) -> None:
        """A tenant has at most so many; one that was deleted makes room."""
        with house(WEBHOOKS__ENDPOINTS="1") as served:
            made = endpoint(served, URL)
            problem(
                served.client.post(ENDPOINTS, json={"url": URL, "events": ["*"]}), 409, "TOO_MANY_WEBHOOK_ENDPOINTS"
            )
            served.client.delete(f"{ENDPOINTS}/{made['id']}")
            assert endpoint(served, URL)


class TestRefused:
    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1/hook",
            "http://2130706433/hook",
            "http://[::ffff:127.0.0.1]/hook",
            "http://localhost/hook",
            "http://169.254.169.254/latest",
            "https://user:pass@example.com/",
            "ftp://example.com/hook",
            "https://example.com:25/",
        ],
    )
    def test_urls_that_lead_inside(self, served: Served, url: str) -> None:
        """What can be told of a URL at once is told at once: 422 that names the field, making and changing."""
        answer = served.client.post(ENDPOINTS, json={"url": url, "events": ["*"]})
        problem(answer, 422)
        assert (codes(answer), answer.json()["errors"][0]["pointer"]) == (["URL_REFUSED"], "#/url")
        made = endpoint(served, URL)
        changed = served.client.patch(f"{ENDPOINTS}/{made['id']}", json={"url": url})
        assert codes(changed) == ["URL_REFUSED"]

    def test_events_that_never_happen(self, served: Served) -> None:
        """Each subscription to something unknown is named."""
        body = {"url": URL, "events": ["pet.fed", "pet.barked", "dog.*", "task.running"]}
        answer = served.client.post(ENDPOINTS, json=body)
        assert codes(answer) == ["UNKNOWN_EVENT"] * 3
        assert [error["pointer"] for error in answer.json()["errors"]] == ["#/events/1", "#/events/2", "#/events/3"]

    @pytest.mark.parametrize(
        "change", [{"events": []}, {"events": ["PET"]}, {"events": None}, {"signing": "v2"}, {"url": 5}, {"more": 1}]
    )
    def test_bodies(self, served: Served, change: dict[str, Any]) -> None:
        """What is no endpoint is refused."""
        problem(served.client.post(ENDPOINTS, json={"url": URL, "events": ["*"], **change}), 422)


class TestChanged:
    def test_only_what_is_named(self, served: Served) -> None:
        """A change names members; the rest stays. The version counts and guards."""
        made = endpoint(served, URL, "pet.fed", description="first")
        where = f"{ENDPOINTS}/{made['id']}"
        tag = served.client.get(where).headers["etag"]
        changed = served.client.patch(where, json={"description": "second"}, headers={"If-Match": tag})
        shown = changed.json()["data"]
        assert (shown["description"], shown["events"], shown["version"]) == ("second", ["pet.fed"], 2)
        problem(served.client.patch(where, json={"enabled": False}, headers={"If-Match": tag}), 412)
        off = served.client.patch(where, json={"enabled": False}).json()["data"]
        assert (off["enabled"], off["disabled_reason"]) == (False, "owner")

    def test_rotations_are_bounded(self, served: Served) -> None:
        """Secrets that overlap are at most five; without an overlap there is one."""
        made = endpoint(served, URL)
        rotate = f"{ENDPOINTS}/{made['id']}/rotate"
        answers = [served.client.post(rotate, json={"overlap_seconds": 600}) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200] * 4 + [409]
        secrets = {answer.json()["data"]["secret"] for answer in answers[:4]} | {made["secret"]}
        assert len(secrets) == 5
        assert served.client.post(rotate, json={"overlap_seconds": 0}).status_code == 200
        living = "SELECT count(*) FROM webhook_secrets WHERE endpoint_id = $1 AND expires_at IS NULL"
        assert served.sql(living, made["id"])[0][0] == 1

    def test_deleted(self, served: Served) -> None:
        """A deleted endpoint is nobody's any more, and its secrets are gone."""
        made = endpoint(served, URL)
        where = f"{ENDPOINTS}/{made['id']}"
        assert served.client.delete(where).status_code == 204
        for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/rotate")):
            body = {"json": {"enabled": True} if method == "PATCH" else {}} if method != "GET" else {}
            problem(served.client.request(method, where + path, **body), 404)  # type: ignore[arg-type]
        assert served.sql("SELECT 1 FROM webhook_secrets WHERE endpoint_id = $1", made["id"]) == []

    def test_a_disabled_one_is_not_tried(self, served: Served) -> None:
        """Nothing is sent to an endpoint that is disabled, not even a test."""
        made = endpoint(served, URL, enabled=False)
        problem(served.client.post(f"{ENDPOINTS}/{made['id']}/test"), 409, "WEBHOOK_ENDPOINT_DISABLED")


class TestLists:
    def test_events(self, served: Served) -> None:
        """Every event that can be asked for is listed with the shape of its data; progress is not among them."""
        events = {event["name"]: event for event in served.client.get(f"{HOOKS}/events").json()["data"]}
        assert {"pet.fed", "task.succeeded", "webhook.disabled", "webhook.test"} <= set(events)
        assert "task.running" not in events
        assert events["pet.fed"]["data_schema"]["properties"].keys() == {"pet", "feeding"}

    def test_endpoints_and_deliveries_are_paged_and_filtered(self, served: Served) -> None:
        """Lists are the newest first, by page and by cursor, and filters are all that is shown."""
        made = [endpoint(served, URL, description=str(number)) for number in range(3)]
        first = served.client.get(ENDPOINTS, params={"limit": 2, "enabled": "true"}).json()
        assert [one["id"] for one in first["data"]] == [made[2]["id"], made[1]["id"]]
        cursor = first["meta"]["pagination"]["next"]
        after = served.client.get(ENDPOINTS, params={"limit": 2, "enabled": "true", "cursor": cursor}).json()["data"]
        assert after[0]["id"] == made[0]["id"]
        sent = [served.client.post(f"{ENDPOINTS}/{one['id']}/test").json()["data"] for one in made]
        asked = {"endpoint_id": made[0]["id"], "state": "pending", "event": "webhook.test"}
        listed = served.client.get(DELIVERIES, params=asked).json()
        assert [one["id"] for one in listed["data"]] == [sent[0]["id"]]
        assert listed["meta"]["pagination"]["total"] == 1
        late = served.client.get(DELIVERIES, params={**asked, "since": "2100-01-01T00:00:00Z"}).json()["data"]
        assert late == []

    def test_filters_that_are_none(self, served: Served) -> None:
        """An unknown state or filter is refused."""
        for params in ({"state": "lost"}, {"since": "yesterday"}, {"endpoint_id": "x"}, {"colour": "red"}):
            problem(served.client.get(DELIVERIES, params=params), 422)


class TestDocument:
    def test_what_receivers_are_sent(self, served: Served) -> None:
        """OpenAPI lists every event that is sent, with the headers that receivers verify; progress is not sent."""
        document = served.client.get("/api/v2/openapi.json").json()
        known = {event["name"] for event in served.client.get(f"{HOOKS}/events").json()["data"]}
        assert set(document["webhooks"]) == known
        headers = {"webhook-id", "webhook-timestamp", "webhook-signature"}
        for told in document["webhooks"].values():
            assert {item["name"] for item in told["post"]["parameters"]} == headers


def test_a_log_shows_no_secret() -> None:
    """A secret is masked wherever it stands in a line."""
    assert "b2xk" not in mask_text("signing with whsec_b2xkb2xkb2xkb2xk+/== now")
