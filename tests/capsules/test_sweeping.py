"""What time does to capsules: purged with all that they had, tenant by tenant, whatever one of them is like."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from esteio.base.clock import TurnableClock
from esteio.base.ids import new_id
from esteio.base.principal import DEFAULT_TENANT
from esteio.jobs.run import Run
from esteio.jobs.tickets import Claimed
from esteio.services.capsules.jobs import sweep
from esteio.services.capsules.tasks import PURGE, SweepOrder
from esteio.services.capsules.use_cases import sweeping
from tests.capsules.maker import BASE, WISH, edits, make
from tests.capsules.worked import SECTION, within
from tests.house import Served

PASSWORD = "correct horse battery"
TABLES = ("capsules", "capsule_versions", "capsule_files", "capsule_contents")


def run_of(served: Served) -> Run:
    """A run of a job of the house, as a worker would be given it."""
    job = Claimed(new_id(), DEFAULT_TENANT, PURGE.name, 1, 1, "{}", "house", None, None, datetime.now(UTC))
    freshness = served.app.api.state.house.freshness
    return Run(served.app.resources, served.app.settings, {}, PURGE, job, lambda *_: None, freshness.spread)


def purge(served: Served) -> int:
    return served.run(lambda: sweep.purge(run_of(served), SweepOrder())).capsules


def left(served: Served) -> dict[str, int]:
    return {table: served.sql(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in TABLES}


def deleted_elsewhere(served: Served, slug: str) -> str:
    """A deleted capsule of a new organisation, which comes behind those that were there."""
    email = f"boss@{slug}.example.org"
    admin = {"email": email, "name": "Boss", "password": PASSWORD}
    made = served.client.post("/api/v2/tenants", json={"slug": slug, "name": slug, "admin": admin})
    assert made.status_code == 201, made.text
    login = served.anonymous.post("/api/v2/auth/login", json={"email": email, "password": PASSWORD})
    bearer = {"Authorization": f"Bearer {login.json()['data']['access_token']}"}
    capsule = served.anonymous.post(BASE, json=WISH, headers=bearer)
    assert capsule.status_code == 201, capsule.text
    found: str = capsule.json()["data"]["id"]
    assert served.anonymous.delete(f"{BASE}/{found}", headers=bearer).status_code == 204
    return found


@pytest.fixture
def portions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """So small that every purge needs several."""
    monkeypatch.setattr(sweeping, "FILES", 7)
    monkeypatch.setattr(sweeping, "PORTION", 2)
    monkeypatch.setattr(sweeping, "CONTENTS", 5)
    yield


class TestPurged:
    def test_nothing_of_it_is_left(self, served: Served, clock: TurnableClock, portions: None) -> None:
        """When the time to restore is over, capsules go with versions, files and contents, in portions; others stay."""
        gone = [make(served.client, description=f"Number {number}.")["id"] for number in range(3)]
        edits(served.client, gone[0], {"secret.txt": "nobody else has this"})
        for capsule in gone:
            served.client.delete(f"{BASE}/{capsule}")
        assert purge(served) == 0
        clock.turn(timedelta(days=SECTION.restorable_days, hours=2).total_seconds())
        stays = make(served.client)
        recent = make(served.client, description="Deleted just now.")["id"]
        served.client.delete(f"{BASE}/{recent}")
        assert purge(served) == 3
        assert left(served)["capsules"] == 2
        assert left(served)["capsule_versions"] == 2
        assert served.sql("SELECT 1 FROM capsule_contents WHERE content = 'nobody else has this'") == []
        assert served.client.post(f"{BASE}/{recent}/restore").status_code == 200
        place = f"{BASE}/{stays['id']}"
        assert served.client.post(f"{place}/export", json={}).status_code == 200
        for capsule in (recent, stays["id"]):
            served.client.delete(f"{BASE}/{capsule}")
        clock.turn(timedelta(days=SECTION.restorable_days, hours=2).total_seconds())
        assert purge(served) == 2
        assert set(left(served).values()) == {0}

    def test_what_is_half_purged_is_not_restored(self, served: Served, clock: TurnableClock, portions: None) -> None:
        """A purge that was cut off leaves no capsule that could be had again with a part of its files."""
        capsule = make(served.client)["id"]
        served.client.delete(f"{BASE}/{capsule}")
        clock.turn(timedelta(days=SECTION.restorable_days, hours=2).total_seconds())
        now = clock.now()
        assert within(served, lambda session: sweeping.purge(session, UUID(capsule), now=now, section=SECTION))
        longer = SECTION.model_copy(update={"restorable_days": 365})
        house = served.app.api.state.house
        kept = house.settings["capsules"]
        house.settings["capsules"] = longer
        try:
            answer = served.client.post(f"{BASE}/{capsule}/restore")
        finally:
            house.settings["capsules"] = kept
        assert answer.status_code == 409, answer.text
        purge(served)
        assert served.sql("SELECT 1 FROM capsules WHERE id = $1", capsule) == []

    def test_one_organisation_does_not_keep_the_others_from_it(self, served: Served, clock: TurnableClock) -> None:
        """Where an organisation's capsules cannot be purged, those of the next one are all the same."""
        bad, good = deleted_elsewhere(served, "bad"), deleted_elsewhere(served, "good")
        served.sql("CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'broken'; END$$")
        served.sql(
            "CREATE TRIGGER broken BEFORE DELETE ON capsules FOR EACH ROW "
            f"WHEN (OLD.id = '{UUID(bad)}') EXECUTE FUNCTION broken()"
        )
        clock.turn(timedelta(days=SECTION.restorable_days, hours=2).total_seconds())
        try:
            assert purge(served) == 1
        finally:
            served.sql("DROP FUNCTION broken CASCADE")
        there = served.sql("SELECT id FROM capsules WHERE id = ANY ($1::uuid[])", [bad, good])
        assert [str(row["id"]) for row in there] == [bad]
        assert purge(served) == 1
