"""Who is near the end of a quota, as all processes know it together."""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from esteio.base.clock import TurnableClock
from esteio.limits.identity import Identity, counted_key, read_key
from esteio.limits.limiter import Limiter
from esteio.limits.near import EACH, REFUSED_SECONDS, TOLD, Near
from esteio.limits.policy import Policy
from esteio.limits.slot import Slot
from esteio.limits.usage import Usage, Use, usage
from esteio.redis.client import RedisClient
from tests.redis.valkey_process import ValkeyProcess, comes_true

pytestmark = pytest.mark.anyio

TENANT, OTHER = UUID(int=1), UUID(int=2)
ANA = Identity(str(TENANT), "user:ana", "192.0.2.1")
NOBODY = Identity(str(TENANT), "", "2001:db8::1:2:3:4")
FOREIGN = Identity(str(OTHER), "key:foreign", "192.0.2.9")
POLICIES = [
    Policy.of("twenty", "20/hour"),
    Policy.of("thousand", "1000/hour"),
    Policy.of("watched", "2/hour", mode="shadow"),
    Policy.of("whole", "4/hour", per="tenant"),
    Policy.of("login", "4/hour", per="account_address"),
]


@pytest.fixture
async def client(valkey: ValkeyProcess) -> AsyncIterator[RedisClient]:
    client = RedisClient(valkey.url, deadline=2.0)
    await client.open()
    yield client
    await client.close()


async def spend(limiter: Limiter, policy: str, who: Identity, times: int) -> int:
    account = limiter.bind((policy,), who)
    return sum([(await limiter.acquire(account)).allowed for _ in range(times)])


async def asked(limiter: Limiter, client: RedisClient) -> Usage:
    return await usage(limiter, client)


async def only(limiter: Limiter, client: RedisClient) -> Use:
    found = await asked(limiter, client)
    assert len(found.uses) == 1, found
    return found.uses[0]


async def test_two_processes_add_up(client: RedisClient):
    """What two processes admitted and refused is one line with the sum of both, whichever is asked."""
    first, second = Limiter(client, POLICIES), Limiter(client, POLICIES)
    for limiter in (first, second):
        await limiter.open()
    for _ in range(6):
        assert await spend(first, "twenty", ANA, 1) + await spend(second, "twenty", ANA, 1) == 2
    await first.board.tell()
    await second.board.tell()
    for limiter in (first, second):
        found = await only(limiter, client)
        assert (found.used, found.share, found.open, found.refused) == (12, 0.6, True, 0)
        assert found.opens_at is None
    admitted = await spend(first, "twenty", ANA, 11) + await spend(second, "twenty", ANA, 11)
    assert admitted <= 8, "the quota is exact"
    await first.board.tell()
    await second.board.tell()
    found = await only(second, client)
    assert (found.used, found.refused) == (12 + admitted, 22 - admitted)
    assert (await asked(second, client)).processes == 2
    for limiter in (first, second):
        await limiter.close()


async def test_who_is_refused_opens_later(client: RedisClient):
    """Of a caller at the end it says so, and when the next request will be admitted."""
    limiter = Limiter(client, POLICIES)
    await spend(limiter, "twenty", ANA, 25)
    found = await only(limiter, client)
    assert (found.used, found.share, found.open, found.refused) == (20, 1.0, False, 5)
    server = int((await client.execute("TIME"))[0])
    assert found.opens_at is not None
    assert found.resets_at is not None
    assert server + 3000 < found.opens_at <= server + 3961
    assert found.resets_at <= found.opens_at


async def test_who_has_used_little_is_not_listed(client: RedisClient):
    """Below half of a quota nobody is listed, though a process holds more than half for them."""
    limiter = Limiter(client, POLICIES)
    assert await spend(limiter, "thousand", ANA, 499) == 499
    assert (await asked(limiter, client)).uses == []
    assert await spend(limiter, "thousand", ANA, 1) == 1
    assert (await only(limiter, client)).used == 500


async def test_held_units_are_not_used_ones(client: RedisClient):
    """Units that a process holds in advance count for nothing, however many they are."""
    limiter = Limiter(client, POLICIES)
    account = limiter.bind(("thousand",), ANA)
    for _ in range(600):
        assert (await limiter.acquire(account)).allowed
    assert account.slots[0].held > 0, "it holds some"
    assert (await only(limiter, client)).used == 600


async def test_whom_each_policy_counts_is_told(client: RedisClient):
    """A caller by its id, somebody unknown by the address, a tenant as a whole, an account never by its name."""
    limiter = Limiter(client, POLICIES)
    for policy, who in (("twenty", ANA), ("twenty", NOBODY), ("whole", FOREIGN)):
        await spend(limiter, policy, who, 20)
    await spend(limiter, "login", ANA._replace(account="ana@example.org"), 4)
    found = {(use.counted.kind, use.counted.name, use.counted.address) for use in (await asked(limiter, client)).uses}
    assert found == {
        ("user", "user:ana", ""),
        ("address", "", "2001:db8::"),
        ("tenant", "", ""),
        ("account", "", "192.0.2.1"),
    }
    foreign = await usage(limiter, client, OTHER)
    assert [use.policy.name for use in foreign.uses] == ["whole"]


async def test_what_a_shadow_would_have_refused_is_counted(client: RedisClient):
    """A policy that refuses nobody still tells whom it would have refused, and how often."""
    limiter = Limiter(client, POLICIES)
    assert await spend(limiter, "watched", ANA, 5) == 5
    assert (await only(limiter, client)).refused == 3


async def test_without_redis_it_is_what_this_process_knows(client: RedisClient, valkey: ValkeyProcess):
    """While Redis is away the process tells what it counts by itself, and that it is alone."""
    limiter = Limiter(client, POLICIES)
    await limiter.open()
    valkey.stop()
    assert await spend(limiter, "twenty", ANA, 22) == 20
    found = await asked(limiter, client)
    assert (found.alone, found.processes) == (True, 1)
    assert [(use.used, use.refused, use.open) for use in found.uses] == [(20, 2, None)]
    valkey.start()
    await comes_true(lambda: client.available)
    await limiter.close()


async def test_who_asks_at_the_same_time_shares_one_look(client: RedisClient):
    """Fifty who ask at once cost as much of Redis as one, and each is shown its own tenant alone."""
    first, second = Limiter(client, POLICIES), Limiter(client, POLICIES)
    for limiter in (first, second):
        await limiter.open()
    await spend(first, "twenty", FOREIGN, 12)
    await first.board.tell()
    before = client.round_trips
    found = await asyncio.gather(*(usage(second, client, TENANT) for _ in range(50)), usage(second, client, OTHER))
    assert client.round_trips - before == 3, "who there is, what they told, and the one key of the one tenant"
    assert [len(one.uses) for one in found] == [0] * 50 + [1]
    assert found[-1].uses[0].counted.tenant == OTHER
    for limiter in (first, second):
        await limiter.close()


async def test_a_report_is_read_once(client: RedisClient):
    """What a process has not told anew is not read again, and what it tells anew is in the very next answer."""
    first, second = Limiter(client, POLICIES), Limiter(client, POLICIES)
    for limiter in (first, second):
        await limiter.open()
    await spend(first, "twenty", ANA, 12)
    await first.board.tell()
    read = [(await second.board.hear()).reports[1] for _ in range(3)]
    assert read[0] is read[1] is read[2]
    await spend(first, "twenty", ANA, 1)
    await first.board.tell()
    assert (await second.board.hear()).reports[1] is not read[0]
    assert (await only(second, client)).used == 13
    for limiter in (first, second):
        await limiter.close()


async def test_two_processes_that_say_the_same_both_count(client: RedisClient):
    """Refusals of two processes whose reports are alike to the letter are added up."""
    limiters = [Limiter(client, POLICIES) for _ in range(3)]
    for limiter in limiters:
        await limiter.open()
    assert await spend(limiters[0], "twenty", ANA, 20) == 20
    for limiter in limiters[1:]:
        assert await spend(limiter, "twenty", ANA, 3) == 0
        await limiter.board.tell()
    assert (
        len({bytes(await client.execute("GET", place)) for place in await client.execute("KEYS", "*limit-near*")}) == 1
    )
    assert (await only(limiters[0], client)).refused == 6
    for limiter in limiters:
        await limiter.close()


async def test_a_process_that_ends_takes_its_report_along(client: RedisClient):
    """A closed process is heard no more, and what a dead one told ends by itself."""
    first, second = Limiter(client, POLICIES), Limiter(client, POLICIES)
    await first.open()
    await second.open()
    await spend(first, "twenty", ANA, 12)
    await first.board.tell()
    assert (await only(second, client)).used == 12
    keys = await client.execute("KEYS", "*limit-near*")
    assert len(keys) == 1
    assert 0 < await client.execute("PTTL", keys[0]) <= 12_000
    await first.close()
    assert (await asked(second, client)).uses == []
    await second.close()


async def test_every_beat_tells(client: RedisClient):
    """Nobody has to ask a process: what it has in view is in Redis within seconds."""
    first, second = Limiter(client, POLICIES), Limiter(client, POLICIES)
    await first.open()
    await second.open()
    await spend(first, "twenty", ANA, 12)
    async with asyncio.timeout(30):
        while not (await asked(second, client)).uses:  # noqa: ASYNC110 - what is waited for is another's beat
            await asyncio.sleep(0.1)
    await first.close()
    await second.close()


async def test_a_report_of_another_release_is_left_out(client: RedisClient):
    """What cannot be read is passed over: the others' reports are told all the same."""
    first, second = Limiter(client, POLICIES), Limiter(client, POLICIES)
    await first.open()
    await second.open()
    await spend(second, "twenty", ANA, 12)
    await spend(first, "twenty", FOREIGN, 12)
    await first.board.tell()
    [place] = await client.execute("KEYS", "*limit-near*")
    strange = (b"{", b"3", b'[["a"]]', json.dumps([["esteio:{x}:limit", 1, 1, 1]]), json.dumps([["x", "y", 1, 1]]))
    for told in strange:
        await client.execute("SET", place, told)
        assert (await only(second, client)).counted.tenant == TENANT
    await first.close()
    await second.close()


class TestView:
    """The bounded memory itself."""

    def test_it_is_bounded_and_fair_to_tenants(self):
        """A crowd of one tenant does not push out the few of another, and never more than 256 are told."""
        near = Near(TurnableClock().monotonic)
        policy = POLICIES[0]
        for number in range(2000):
            near.keep(self._slot(policy, Identity(str(TENANT), f"user:{number}"), taken=20))
        near.sights()
        for number in range(EACH):
            near.keep(self._slot(policy, Identity(str(OTHER), f"user:{number}"), taken=11))
        told = near.sights()
        assert len(told) == TOLD
        assert sum(str(OTHER) in sight.key for sight in told) == EACH

    def test_what_is_over_is_forgotten(self):
        """A key that nobody has asked about for its window is out of view, and refusals after five minutes."""
        clock = TurnableClock()
        near = Near(clock.monotonic)
        slot = self._slot(Policy.of("brief", "10/minute"), ANA, taken=10)
        slot.refused = 3
        near.note(slot)
        assert [sight.refused for sight in near.sights()] == [3]
        assert [sight.refused for sight in near.sights()] == [3], "counted once"
        clock.turn(97)
        assert [sight.refused for sight in near.sights()] == [3]
        clock.turn(REFUSED_SECONDS)
        assert near.sights() == []

    def test_below_half_nothing_is_noted(self):
        """A slot is in view from half of its quota on."""
        near = Near(TurnableClock().monotonic)
        near.note(self._slot(POLICIES[0], ANA, taken=9))
        assert near.sights() == []
        near.note(self._slot(POLICIES[0], ANA, taken=10))
        assert len(near.sights()) == 1

    def _slot(self, policy: Policy, who: Identity, taken: int) -> Slot:
        slot = Slot(policy, counted_key(policy, who))
        slot._free = policy.quota - taken  # what Redis would have answered
        return slot


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
@pytest.mark.parametrize("who", [ANA, NOBODY, FOREIGN], ids=["user", "address", "key"])
def test_keys_are_read_as_they_were_written(policy: Policy, who: Identity):
    """Every counted key says its tenant, its policy and whom it counts."""
    found = read_key(counted_key(policy, who))
    assert (str(found.tenant), found.policy, found.bucket_us) == (who.tenant, policy.name, policy.bucket_us)


@pytest.mark.parametrize("text", ["", "x", "esteio:{1}:limit:a:1", "esteio:{x}:limit:a:1:everyone", "a:b:c:d:e:f"])
def test_other_keys_are_none(text: str):
    """What is no counted key is not taken for one."""
    with pytest.raises(ValueError):
        read_key(text)
