"""How often a client may ask, and how long a wrong secret has to wait."""

from collections.abc import Iterator

import httpx
import pytest

from esteio.base.clock import TurnableClock
from tests.auth.oauth.party import GRANT, Party, made
from tests.conftest import House
from tests.house import AMPLE, NO_TLS, Served

FREE = 3


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def delaying(house: House, clock: TurnableClock) -> Iterator[Served]:
    """A house that delays the fourth wrong secret."""
    changes = {"AUTH__ATTEMPTS_FREE": str(FREE), "AUTH__ATTEMPT_DELAY_SECONDS": "10", "LIMITS__ENABLED": "false"}
    with house(clock=clock, **changes) as running:
        yield running


def wrong(party: Party, client_id: str = "") -> httpx.Response:
    return Party(party.url, party.id, client_id or party.client_id, "wrong").post("token", grant_type=GRANT)


@pytest.mark.parametrize("client_id", ["", "est_client_unknown00000000000000"])
def test_wrong_secrets_wait(delaying: Served, clock: TurnableClock, client_id: str) -> None:
    """After a few wrong secrets the next one waits, twice as long each time, whether the client exists or not."""
    party = made(delaying)
    assert [wrong(party, client_id).status_code for _ in range(FREE)] == [401] * FREE
    answer = wrong(party, client_id)
    assert (answer.status_code, answer.json()["error"]) == (429, "temporarily_unavailable")
    assert answer.headers["retry-after"] == "10"
    clock.turn(11)
    assert wrong(party, client_id).status_code == 401
    assert int(wrong(party, client_id).headers["retry-after"]) == 20


def test_a_right_secret_never_waits(delaying: Served) -> None:
    """Whoever guesses at a client's secret cannot lock it out."""
    party = made(delaying)
    assert [wrong(party).status_code for _ in range(FREE + 1)] == [401] * FREE + [429]
    assert party.post("token", grant_type=GRANT).status_code == 200


def test_the_delay_is_the_same_at_every_endpoint(delaying: Served) -> None:
    """Guessing at revocation or introspection counts as much as at the token endpoint."""
    party = made(delaying)
    stranger = Party(party.url, party.id, party.client_id, "wrong")
    for path in ("token", "revoke", "introspect"):
        assert stranger.post(path, grant_type=GRANT, token="x").status_code == 401
    assert stranger.post("introspect", token="x").status_code == 429


def test_a_delay_is_audited(delaying: Served) -> None:
    """That a delay began stands in the audit log, with the client that was named and without what it showed."""
    party = made(delaying)
    for _ in range(FREE):
        wrong(party)
    (entry,) = delaying.sql("SELECT * FROM audit_log WHERE action = 'client.delayed'")
    assert (entry["subject"], entry["outcome"]) == (f"client:{party.client_id}", "refused")


def test_a_client_asks_so_often(house: House) -> None:
    """The 61st token in a minute is a 429 in the form of OAuth; another client still gets its own."""
    with house() as served:
        party, other = made(served), made(served)
        with httpx.Client(
            base_url=served.url, auth=(party.client_id, party.secret), timeout=AMPLE, verify=NO_TLS
        ) as client:
            said = [client.post("/oauth/token", data={"grant_type": GRANT}) for _ in range(61)]
        assert [answer.status_code for answer in said] == [200] * 60 + [429]
        last = said[-1]
        assert last.json()["error"] == "temporarily_unavailable"
        assert int(last.headers["retry-after"]) >= 1
        assert "oauth.client" in last.headers["ratelimit-policy"]
        assert other.post("token", grant_type=GRANT).status_code == 200
