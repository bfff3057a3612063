"""Keys of an issuer over time: rotated, withdrawn, asked for by strangers, out of reach, garbled."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY

from esteio.auth.oidc.cache import STRANGERS, STRANGERS_EACH
from esteio.auth.parts import Auth
from esteio.base.clock import TurnableClock
from esteio.base.errors import Unavailable
from esteio.standins.oidc import Issuer, running_oidc
from tests.auth.desk import until
from tests.auth.oidc.door import door, proved, terms

pytestmark = pytest.mark.anyio

OPEN: dict[str, Any] = {"tenant": "default"}
LONG = 100_000.0


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def issuer(clock: TurnableClock) -> Iterator[Issuer]:
    with running_oidc("auth0", clock=clock.timestamp) as running:
        yield running


@pytest.fixture
def known(issuer: Issuer) -> dict[str, Any]:
    return terms(issuer, jwks_url=issuer.jwks_url, **OPEN)


def token(issuer: Issuer, **members: Any) -> str:
    return issuer.token("auth0|one", lifetime=LONG, **members)


async def passes(auth: Auth, text: str) -> bool:
    return await proved(auth, text) is not None


async def fetched(issuer: Issuer, times: int) -> None:
    """Wait until the keys were asked for so often."""

    async def so_often() -> bool:
        return issuer.fetches >= times

    await until(so_often, 30)


async def test_keys_are_fetched_before_the_first_token_and_once(
    url: str, clock: TurnableClock, issuer: Issuer, known: dict[str, Any]
) -> None:
    """A start fetches them, and however many tokens come, nobody asks again while they are fresh."""
    async with door(url, clock, known) as auth:
        await fetched(issuer, 1)
        tokens = [token(issuer, jti=str(number)) for number in range(20)]
        assert all(await asyncio.gather(*(passes(auth, text) for text in tokens)))
        assert issuer.fetches == 1


async def test_many_first_callers_share_one_fetch(
    url: str, clock: TurnableClock, issuer: Issuer, known: dict[str, Any]
) -> None:
    """Everybody who needs the keys while they are on their way waits for the same answer."""
    issuer.fault("slow", issuer.path("jwks"), 0.5)
    async with door(url, clock, known) as auth:
        tokens = [token(issuer, jti=str(number)).encode() for number in range(20)]
        assert all(await asyncio.gather(*(auth.prover.by_bearer(raw) for raw in tokens)))
        assert issuer.fetches == 1


async def test_a_new_key_is_found_at_once(
    url: str, clock: TurnableClock, issuer: Issuer, known: dict[str, Any]
) -> None:
    """The first token that a new key signed is good, and so are those of the former as long as it is published."""
    async with door(url, clock, known) as auth:
        old = token(issuer)
        assert await passes(auth, old)
        for _ in range(3):
            issuer.rotate()
            assert await passes(auth, token(issuer))
        assert await passes(auth, old)
        assert issuer.fetches == 4


async def test_a_withdrawn_key_ends_with_the_refresh(
    url: str, clock: TurnableClock, issuer: Issuer, known: dict[str, Any]
) -> None:
    """Keys are fetched anew before they are old: what the issuer no longer publishes verifies nothing more."""
    async with door(url, clock, {**known, "keys_refresh_seconds": 60}) as auth:
        old = token(issuer)
        assert await passes(auth, old)
        issuer.rotate(keep=False)
        clock.turn(61)
        assert await passes(auth, old), "the refresh goes on in the background"
        await fetched(issuer, 2)

        async def ended() -> bool:
            return not await passes(auth, old)

        await until(ended, 30)
        assert await passes(auth, token(issuer))


async def test_who_comes_after_a_long_silence_waits_for_the_refresh(
    url: str, clock: TurnableClock, issuer: Issuer, known: dict[str, Any]
) -> None:
    """A key that was withdrawn while nobody called serves not even once more."""
    async with door(url, clock, {**known, "keys_refresh_seconds": 60}) as auth:
        old = token(issuer)
        assert await passes(auth, old)
        issuer.rotate(keep=False)
        clock.turn(121)
        assert not await passes(auth, old)


async def test_a_thousand_strangers_cause_a_handful_of_fetches(
    url: str, clock: TurnableClock, issuer: Issuer, known: dict[str, Any]
) -> None:
    """Made-up key names cannot make this house hammer an issuer, and a real new one is still found soon."""
    async with door(url, clock, known) as auth:
        assert await passes(auth, token(issuer))
        flood = [token(issuer, headers={"kid": f"made-up-{number}"}).encode() for number in range(1000)]
        assert not any(await asyncio.gather(*(auth.prover.by_bearer(raw) for raw in flood[:500])))
        for raw in flood[500:]:
            assert await auth.prover.by_bearer(raw) is None
        assert 1 < issuer.fetches <= 1 + STRANGERS
        issuer.rotate()
        assert not await passes(auth, token(issuer))
        clock.turn(STRANGERS_EACH)
        assert await passes(auth, token(issuer))


async def test_keys_go_on_while_the_issuer_is_down(
    url: str, clock: TurnableClock, issuer: Issuer, known: dict[str, Any]
) -> None:
    """What is known verifies for as long as the operator says; then nobody can say, and it recovers by itself."""
    async with door(url, clock, {**known, "keys_refresh_seconds": 60, "keys_kept_hours": 2}) as auth:
        good = token(issuer)
        assert await passes(auth, good)
        issuer.fault("refused")
        for _ in range(10):
            clock.turn(700)
            assert await passes(auth, good)
        assert not await passes(auth, token(issuer, headers={"kid": "unknown"}))
        clock.turn(300)
        with pytest.raises(Unavailable):
            await passes(auth, good)
        issuer.fault("none")
        clock.turn(3)
        assert await passes(auth, good)


FAULTS = [
    ("no_keys", None),
    ("empty", None),
    ("null", None),
    ("object", None),
    ("error_500", None),
    ("cdn_403", None),
    ("truncated", None),
    ("cut_json", None),
    ("not_json", None),
    ("wrong_shape", None),
    ("huge", None),
    ("rate_limited", None),
    ("refused", None),
    ("hang", None),
    ("slow", 60.0),
]


@pytest.mark.parametrize(("fault", "seconds"), FAULTS, ids=[fault for fault, _ in FAULTS])
async def test_an_issuer_that_publishes_garbage_keeps_its_former_keys(
    fault: str, seconds: float | None, url: str, clock: TurnableClock, issuer: Issuer, known: dict[str, Any]
) -> None:
    """Whatever comes instead of keys, those that are known stay; without any the answer is 503, within its bound."""
    kind = None if fault == "refused" else issuer.path("jwks")
    quick = {**known, "keys_refresh_seconds": 60, "fetch_seconds": 0.5}
    async with door(url, clock, quick) as auth:
        good = token(issuer)
        assert await passes(auth, good)
        issuer.fault(fault, kind, seconds)
        clock.turn(121)
        assert await passes(auth, good)
        async with door(url, clock, quick) as unprepared:
            began = time.monotonic()
            with pytest.raises(Unavailable):
                await passes(unprepared, good)
            assert time.monotonic() - began < 10
            issuer.fault("none")
            clock.turn(3)
            assert await passes(unprepared, good)


async def test_a_silent_issuer_is_asked_by_one_at_a_time(
    url: str, clock: TurnableClock, issuer: Issuer, known: dict[str, Any]
) -> None:
    """Everybody is told 503 by the one fetch that all wait for, and nobody waits again a moment later."""
    issuer.fault("hang", issuer.path("jwks"))
    async with door(url, clock, {**known, "fetch_seconds": 1}) as auth:
        tokens = [token(issuer, jti=str(number)).encode() for number in range(50)]
        answers = await asyncio.gather(*(auth.prover.by_bearer(raw) for raw in tokens), return_exceptions=True)
        assert all(isinstance(answer, Unavailable) for answer in answers)
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await passes(auth, token(issuer))
        assert time.monotonic() - began < 0.9, "the failure is remembered for a moment"
        assert issuer.fetches == 1


async def test_odd_keys_do_not_spoil_the_others(
    url: str, clock: TurnableClock, issuer: Issuer, known: dict[str, Any]
) -> None:
    """Keys of unknown kinds, secrets and broken ones are left out; the sound one verifies."""
    issuer.fault("odd_keys", issuer.path("jwks"))
    async with door(url, clock, known) as auth:
        assert await passes(auth, token(issuer))


async def test_an_only_key_needs_no_name(url: str, clock: TurnableClock, issuer: Issuer, known: dict[str, Any]) -> None:
    """Where the one key is published without name and algorithm, it is meant."""
    issuer.fault("unnamed_keys", issuer.path("jwks"))
    async with door(url, clock, known) as auth:
        assert await passes(auth, token(issuer))
        assert not await passes(auth, token(issuer, flaw="stranger"))
        assert not await passes(auth, token(issuer, flaw="public_key"))


async def test_keys_are_discovered(url: str, clock: TurnableClock, issuer: Issuer) -> None:
    """The metadata is asked for once as long as what it said is good."""
    async with door(url, clock, {**terms(issuer, **OPEN), "keys_refresh_seconds": 60}) as auth:
        assert await passes(auth, token(issuer))
        issuer.rotate()
        assert await passes(auth, token(issuer))
        assert (issuer.discoveries, issuer.fetches) == (1, 2)


async def test_metadata_is_asked_again_after_a_failure(url: str, clock: TurnableClock, issuer: Issuer) -> None:
    """An issuer that has moved its keys is followed to where its metadata says they are."""
    async with door(url, clock, {**terms(issuer, **OPEN), "keys_refresh_seconds": 60}) as auth:
        assert await passes(auth, token(issuer))
        issuer.fault("error_500", issuer.path("jwks"))
        clock.turn(121)
        assert await passes(auth, token(issuer))
        issuer.fault("none")
        clock.turn(3)
        issuer.rotate()
        assert await passes(auth, token(issuer))
        assert issuer.discoveries == 2


async def test_metadata_of_another_issuer_is_not_believed(url: str, clock: TurnableClock, issuer: Issuer) -> None:
    """One that names an issuer which differs by a slash gives no keys, until it names the right one."""
    issuer.fault("other_issuer", issuer.path("discovery"))
    async with door(url, clock, terms(issuer, **OPEN)) as auth:
        with pytest.raises(Unavailable):
            await passes(auth, token(issuer))
        assert issuer.fetches == 0
        issuer.fault("none")
        clock.turn(3)
        assert await passes(auth, token(issuer))


async def test_fetches_are_counted(url: str, clock: TurnableClock, issuer: Issuer, known: dict[str, Any]) -> None:
    """The operator sees how often keys came and how often not, and why tokens are refused."""

    def counted(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(f"esteio_oidc_{name}_total", {"issuer": issuer.issuer, **labels}) or 0.0

    async with door(url, clock, {**known, "keys_refresh_seconds": 60}) as auth:
        assert await passes(auth, token(issuer))
        assert not await passes(auth, token(issuer, flaw="tampered"))
        issuer.fault("error_500", issuer.path("jwks"))
        clock.turn(121)
        assert await passes(auth, token(issuer))
    assert counted("key_fetches", outcome="fetched") == 1 and counted("key_fetches", outcome="failed") == 1
    assert counted("refusals", why="signature") == 1 and counted("provisioned", what="account") == 1
