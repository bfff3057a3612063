"""Limits as callers meet them, and as operators set them while the house runs."""

from collections.abc import Iterator

import pytest

from tests.conftest import House
from tests.house import ADMIN_KEY, Served, eventually

PETS = "/api/v2/pets"


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Served]:
    with house(LIMITS__DEFAULT="1000/minute") as running:
        yield running


class TestCallers:
    def test_the_last_of_the_quota_is_admitted_and_the_next_is_not(self, house: House) -> None:
        """Exactly the quota passes; the refusal says when to come again, and every answer how one stands."""
        with house(LIMITS__DEFAULT="5/minute") as running:
            answers = [running.client.get(PETS) for _ in range(7)]
            assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
            assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == list("4321000")
            refused = answers[-1]
            assert refused.json()["errors"][0]["code"] == "RATE_LIMITED"
            assert refused.headers.get_list("retry-after") == [refused.headers["retry-after"]]
            assert 1 <= int(refused.headers["retry-after"]) <= 66
            assert refused.headers["ratelimit-policy"] == '"default";q=5;w=60'

    def test_anonymous_callers_have_their_own_limit(self, served: Served) -> None:
        """Lists are 10 a minute for whoever does not say who they are, and that is nobody else's quota."""
        statuses = [served.anonymous.get(PETS).status_code for _ in range(11)]
        assert statuses == [200] * 10 + [429]
        assert served.client.get(PETS).status_code == 200

    def test_guessing_credentials_is_limited_too(self, house: House) -> None:
        """Wrong keys are charged to the address until it is 429 instead of 401."""
        with house(LIMITS__DEFAULT="3/minute") as running:
            wrong = {"X-API-Key": "est_live_guess"}
            statuses = [running.anonymous.get("/api/v2/keys", headers=wrong).status_code for _ in range(4)]
            assert statuses == [401, 401, 401, 429]

    def test_logins_are_five_a_minute_per_account_and_address(self, served: Served) -> None:
        """The sixth attempt at one account is refused, whether the account exists or not; another is not touched."""
        attempt = {"email": "nobody@example.org", "password": "wrong-password"}
        answers = [served.anonymous.post("/auth/login", json=attempt) for _ in range(6)]
        assert [answer.status_code for answer in answers][-1] == 429
        assert {answer.status_code for answer in answers[:5]} == {401}
        other = served.anonymous.post("/auth/login", json=attempt | {"email": "other@example.org"})
        assert other.status_code == 401


class TestOperators:
    def test_a_limit_is_set_and_reset_without_a_restart(self, served: Served) -> None:
        """A changed limit holds within seconds for everybody, is audited, and goes back to what is declared."""
        set_to = served.client.put("/api/v2/limits/pets.read", json={"rate": "2/minute"})
        assert (set_to.status_code, set_to.json()["data"]["quota"]) == (200, 2)
        where = f"{PETS}/{served.pet()['id']}"
        eventually(lambda: served.anonymous.get(where).headers["x-ratelimit-limit"] == "2")
        eventually(lambda: served.anonymous.get(where).status_code == 429)
        assert served.client.delete("/api/v2/limits/pets.read").status_code == 204
        eventually(lambda: served.anonymous.get(where).headers["x-ratelimit-limit"] == "60")
        actions = [row["action"] for row in served.sql("SELECT action FROM audit_log WHERE subject = 'pets.read'")]
        assert actions == ["limit.set", "limit.reset"]

    def test_a_limit_that_is_switched_off_refuses_nobody(self, served: Served) -> None:
        """A limit that is not enabled only counts."""
        served.client.put("/api/v2/limits/pets.read", json={"rate": "1/minute", "enabled": False})
        where = f"{PETS}/{served.pet()['id']}"
        eventually(lambda: "x-ratelimit-limit" not in served.anonymous.get(where).headers)
        assert {served.anonymous.get(where).status_code for _ in range(4)} == {200}
        served.client.delete("/api/v2/limits/pets.read")

    def test_a_plan_takes_the_place_of_the_default(self, served: Served) -> None:
        """A key on a plan is charged to the plan's rate."""
        assert served.client.put("/api/v2/plans/gold", json={"rate": "7/minute"}).status_code == 200
        with served.with_key(served.key("account:use", plan="gold")) as gold:
            eventually(lambda: gold.get("/api/v2/auth/me").headers["ratelimit-policy"] == '"plan.gold";q=7;w=60')
        listed = {limit["name"]: limit for limit in served.client.get("/api/v2/limits").json()["data"]}
        assert listed["plan.gold"]["quota"] == 7

    @pytest.mark.parametrize(
        ("path", "body", "status"),
        [
            ("/api/v2/limits/unheard-of", {"rate": "5/minute"}, 404),
            ("/api/v2/limits/pets.read", {"rate": "often"}, 422),
            ("/api/v2/limits/pets.read", {"rate": "0/minute"}, 422),
            ("/api/v2/plans/gold", {"rate": "5/fortnight"}, 422),
        ],
    )
    def test_what_cannot_be_set_is_refused(self, served: Served, path: str, body: dict[str, str], status: int) -> None:
        """An unknown limit is not found, and a rate that is none is said to be none."""
        assert served.client.put(path, json=body).status_code == status

    def test_only_with_permission(self, served: Served) -> None:
        """Limits are read and set by those who may."""
        with served.with_key(served.key("pets:write")) as other:
            assert other.get("/api/v2/limits").status_code == 403
            assert other.put("/api/v2/plans/gold", json={"rate": "5/minute"}).status_code == 403

    def test_limits_show_in_the_metrics(self, served: Served) -> None:
        """Refusals are counted by policy."""
        eventually(
            lambda: (
                'esteio_limit_decisions_total{outcome="refused",policy="pets.list"}'
                in served.client.get("/metrics").text
            )
        )
        assert ADMIN_KEY not in served.client.get("/metrics").text
