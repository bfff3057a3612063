"""What the health report tells, and to whom."""

from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from tests.conftest import House
from tests.house import Served
from tests.traffic.counting import tenant

HEALTH = "/api/v2/health"
WAITING = (
    "INSERT INTO job_tickets (job_id, tenant_id, name, queue, lane) VALUES (gen_random_uuid(), $1, 'x', 'none', $1)"
)
STATES = {"ok", "degraded", "unavailable"}


@pytest.fixture(scope="module")
def ours(served: Served) -> Iterator[tuple[UUID, httpx.Client]]:
    """A tenant, two jobs of which wait, and its administrator."""
    owner, client = tenant(served, "healthy")
    for _ in range(2):
        served.sql(WAITING, owner)
    with client:
        yield owner, client


def detailed(client: httpx.Client) -> dict[str, object]:
    found: dict[str, object] = client.get(HEALTH, params={"detailed": "true"}).json()["data"]
    return found


def test_nobody_in_particular_is_told_the_status_alone(served: Served, ours: object) -> None:
    """Without credentials, without a fitting permission, or without asking for more, there is a status and no more."""
    for client in (served.anonymous, served.with_key(served.key("pets:write"))):
        assert detailed(client) == {"status": "ok"}
    assert served.client.get(HEALTH).json()["data"] == {"status": "ok"}


def test_a_tenant_is_told_states_and_its_own_standing(served: Served, ours: tuple[UUID, httpx.Client]) -> None:
    """Each part is a state without words, named without what it is built of; the jobs are those of the tenant."""
    found = detailed(ours[1])
    parts = found["parts"]
    assert isinstance(parts, dict)
    assert set(parts.values()) <= STATES and {"database", "cache", "storage", "jobs"} <= set(parts)
    assert (parts["database"], parts["jobs"]) == ("ok", "degraded"), "no worker runs here"
    own = found["own"]
    assert isinstance(own, dict)
    assert (own["jobs"]["waiting"], own["jobs"]["running"]) == (2, 0)
    assert not {"redis", "disk"} & set(parts)


def test_an_operator_is_told_in_words(served: Served, ours: object) -> None:
    """With health:read each part is what it is called here, in words; the standing is that of one's own tenant."""
    found = detailed(served.client)
    parts, own = found["parts"], found["own"]
    assert isinstance(parts, dict) and isinstance(own, dict)
    assert parts["jobs"] == "no worker has signed on" and parts["redis"] == "ok"
    assert own["jobs"]["waiting"] == 0


def test_wrong_credentials_are_refused(served: Served) -> None:
    """Who shows what proves nothing is told so, not shown less."""
    assert served.with_key("est_nonsense").get(HEALTH).status_code == 401


def test_what_is_away_is_told_without_a_word_on_why(house: House) -> None:
    """A cache that is away degrades what does not need it; nothing in the answer says where or what it is."""
    with house() as first:
        key = first.key("usage:read")
        url = first.database_url
    with house(database_url=url, redis_url="redis://127.0.0.1:1/0", REDIS__DEADLINE="0.5") as served:
        answer = served.with_key(key).get(HEALTH, params={"detailed": "true"})
        parts = answer.json()["data"]["parts"]
        assert parts["cache"] in STATES - {"ok"}
        assert set(parts.values()) <= STATES
        assert "127.0.0.1" not in answer.text and "redis" not in answer.text.lower()
