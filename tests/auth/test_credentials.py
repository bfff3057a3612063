"""The memory of proved credentials: how long it believes, what ends that, and what it never does."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from esteio.auth.credentials import Credentials
from esteio.auth.proof import Proof
from esteio.base.clock import TurnableClock
from esteio.base.errors import Unavailable
from esteio.base.principal import DEFAULT_TENANT, Principal

pytestmark = pytest.mark.anyio


class Office:
    """Proves whatever it is told to, counting how often it is asked; it can be made to wait or to be closed."""

    def __init__(self) -> None:
        self.asked = 0
        self.closed = False
        self.answer: Proof | None = proof()
        self.gate: asyncio.Event | None = None
        self.came = asyncio.Event()

    async def look(self, raw: bytes) -> Proof | None:
        self.asked += 1
        self.came.set()
        answer = self.answer
        if self.gate is not None:
            await self.gate.wait()
        if self.closed:
            raise Unavailable("closed")
        return answer


def proof(name: str = "key:1", **members: object) -> Proof:
    principal = Principal(id=name, tenant=DEFAULT_TENANT, proof="api_key", key=uuid4())
    return Proof(principal, (name, "tenant:1"), **members)  # type: ignore[arg-type]


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def office() -> Office:
    return Office()


async def test_a_proof_is_believed_for_its_time_and_no_longer(clock: TurnableClock, office: Office) -> None:
    """Within the freshness nothing is asked; at its end the credential is looked up again."""
    credentials = Credentials(clock, freshness=4)
    await credentials.prove(b"raw", office.look)
    clock.turn(3.9)
    assert credentials.fresh(b"raw") is office.answer
    clock.turn(0.1)
    assert credentials.fresh(b"raw") is None
    assert office.asked == 1


async def test_a_credential_in_use_is_renewed_before_it_ends(clock: TurnableClock, office: Office) -> None:
    """Late in its time a look is made while the entry still serves; it counts from that look on, and only once."""
    credentials = Credentials(clock, freshness=4)
    await credentials.prove(b"raw", office.look)
    clock.turn(3)
    first, office.gate, office.answer = office.answer, asyncio.Event(), proof()
    office.came.clear()
    assert [credentials.fresh(b"raw") for _ in range(3)] == [first] * 3
    await office.came.wait()
    office.gate.set()
    assert await credentials.prove(b"raw", office.look) is office.answer
    clock.turn(3.9)
    assert credentials.fresh(b"raw") is office.answer and office.asked == 2


async def test_a_renewal_that_fails_lengthens_nothing(clock: TurnableClock, office: Office) -> None:
    """While the database is away an entry serves to its end and not beyond; a credential revoked meanwhile ends."""
    credentials = Credentials(clock, freshness=4)
    await credentials.prove(b"raw", office.look)
    clock.turn(3)
    office.closed = True
    office.came.clear()
    assert credentials.fresh(b"raw") is not None
    await office.came.wait()
    clock.turn(0.9)
    assert credentials.fresh(b"raw") is not None
    clock.turn(0.1)
    assert credentials.fresh(b"raw") is None
    with pytest.raises(Unavailable):
        await credentials.prove(b"raw", office.look)


async def test_a_renewal_that_finds_nothing_ends_the_entry(clock: TurnableClock, office: Office) -> None:
    """A credential that was revoked without news is found out by its renewal."""
    credentials = Credentials(clock, freshness=4)
    await credentials.prove(b"raw", office.look)
    clock.turn(3)
    office.answer = None
    assert credentials.fresh(b"raw") is not None
    assert await credentials.prove(b"raw", office.look) is None
    assert credentials.fresh(b"raw") is None and credentials.refused(b"raw")


async def test_freshness_counts_from_before_the_look(clock: TurnableClock, office: Office) -> None:
    """A slow look does not lengthen how long an old truth is believed."""
    credentials, office.gate = Credentials(clock, freshness=4), asyncio.Event()
    looking = asyncio.create_task(credentials.prove(b"raw", office.look))
    await office.came.wait()
    clock.turn(4)
    office.gate.set()
    assert await looking is office.answer
    assert credentials.fresh(b"raw") is None


async def test_a_credential_that_expires_sooner_is_believed_only_until_then(
    clock: TurnableClock, office: Office
) -> None:
    """An expiry within the freshness is kept to the moment."""
    credentials = Credentials(clock, freshness=4)
    office.answer = proof(expires_at=clock.now() + timedelta(seconds=1))
    await credentials.prove(b"raw", office.look)
    assert credentials.fresh(b"raw") is not None
    clock.turn(1)
    assert credentials.fresh(b"raw") is None


async def test_many_at_once_ask_once(clock: TurnableClock, office: Office) -> None:
    """Concurrent requests with one credential cause one look, and one that hangs up takes it from nobody."""
    credentials, office.gate = Credentials(clock), asyncio.Event()
    asking = [asyncio.create_task(credentials.prove(b"raw", office.look)) for _ in range(20)]
    await office.came.wait()
    asking[0].cancel()
    office.gate.set()
    assert await asyncio.gather(*asking[1:]) == [office.answer] * 19
    assert asking[0].cancelled() and office.asked == 1


@pytest.mark.parametrize("news", ["key:1", "tenant:1"])
async def test_news_ends_what_rests_on_it_and_nothing_else(clock: TurnableClock, office: Office, news: str) -> None:
    """Whatever a proof rests on, news about it drops the entry at once; others stay."""
    credentials = Credentials(clock)
    await credentials.prove(b"mine", office.look)
    other = Principal(id="key:2", tenant=uuid4(), proof="api_key")
    office.answer = Proof(other, ("key:2",))
    await credentials.prove(b"other", office.look)
    credentials.forget(news.encode())
    assert credentials.fresh(b"mine") is None and credentials.fresh(b"other") is not None


async def test_what_was_read_before_the_news_is_not_kept(clock: TurnableClock, office: Office) -> None:
    """A look that began before a revocation and ends after it leaves no entry, and later callers look anew."""
    credentials, office.gate = Credentials(clock), asyncio.Event()
    looking = asyncio.create_task(credentials.prove(b"raw", office.look))
    await office.came.wait()
    credentials.forget("key:1")
    office.answer = None
    office.came.clear()
    later = asyncio.create_task(credentials.prove(b"raw", office.look))
    await office.came.wait()
    office.gate.set()
    await looking
    assert await later is None
    assert credentials.fresh(b"raw") is None and office.asked == 2


async def test_a_gap_ends_everything(clock: TurnableClock, office: Office) -> None:
    """When news may have been missed, nothing is believed any longer."""
    credentials = Credentials(clock)
    for number in range(5):
        await credentials.prove(b"%d" % number, office.look)
    credentials.forget_all()
    assert len(credentials) == 0 and all(credentials.fresh(b"%d" % number) is None for number in range(5))


async def test_a_closed_office_opens_no_door(clock: TurnableClock, office: Office) -> None:
    """While the database is away a fresh entry serves, everything else raises `Unavailable`; nothing is remembered."""
    credentials = Credentials(clock, freshness=4)
    await credentials.prove(b"known", office.look)
    office.closed = True
    assert credentials.fresh(b"known") is not None
    with pytest.raises(Unavailable):
        await credentials.prove(b"unknown", office.look)
    clock.turn(4)
    assert credentials.fresh(b"known") is None
    with pytest.raises(Unavailable):
        await credentials.prove(b"known", office.look)
    office.closed = False
    assert await credentials.prove(b"known", office.look) is office.answer


async def test_a_refusal_is_remembered_and_forgotten_with_the_next_news(clock: TurnableClock, office: Office) -> None:
    """A refused credential is not looked up again while fresh, but a key that is switched on works at once."""
    credentials = Credentials(clock)
    office.answer = None
    assert [await credentials.prove(b"raw", office.look) for _ in range(3)] == [None] * 3
    assert office.asked == 1
    office.answer = proof()
    credentials.forget("key:1")
    assert await credentials.prove(b"raw", office.look) is office.answer


async def test_the_memory_is_bounded_and_a_flood_of_strangers_drives_nobody_out(
    clock: TurnableClock, office: Office
) -> None:
    """Neither good nor refused credentials are kept beyond the bound, and refused ones take no room from good ones."""
    credentials = Credentials(clock, size=16)
    await credentials.prove(b"good", office.look)
    office.answer = None
    for number in range(100):
        await credentials.prove(b"stranger %d" % number, office.look)
    assert credentials.fresh(b"good") is not None and len(credentials) <= 32
    office.answer = proof()
    for number in range(100):
        await credentials.prove(b"guest %d" % number, office.look)
    assert credentials.fresh(b"good") is None and credentials.fresh(b"guest 99") is not None
    assert len(credentials) <= 32


async def test_no_credential_stays_in_its_memory(clock: TurnableClock, office: Office) -> None:
    """What is kept is a digest: a dump of the memory gives no key away."""
    credentials = Credentials(clock)
    await credentials.prove(b"est_live_secret", office.look)
    assert "est_live_secret" not in repr({name: repr(value) for name, value in vars(credentials).items()})
