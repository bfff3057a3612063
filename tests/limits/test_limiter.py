"""One process's limiter against a real Valkey: what is charged, what is asked, what is told."""

import asyncio
import math
import time
from collections.abc import AsyncIterator

import pytest

from esteio.base.clock import TurnableClock
from esteio.base.errors import Unavailable
from esteio.limits.account import Account
from esteio.limits.identity import Identity, counted_key
from esteio.limits.limiter import Limiter
from esteio.limits.policy import Policy
from esteio.redis.client import RedisClient
from tests.redis.valkey_process import ValkeyProcess, comes_true

pytestmark = pytest.mark.anyio

ANA = Identity("t", "user:ana", "192.0.2.1", "ana@example.org")
BEA = Identity("t", "user:bea", "192.0.2.1", "bea@example.org")
PATIENT = 1.0
"""Seconds given to Redis: a busy machine is no reason for approximate limits."""
POLICIES = [
    Policy.of("ten", "10/hour"),
    Policy.of("hundred", "100/hour"),
    Policy.of("three", "3/hour", per="tenant"),
    Policy.of("heavy", "10/hour", cost=4),
    Policy.of("watched", "2/hour", mode="shadow"),
    Policy.of("closed", "10/hour", fail="closed"),
    Policy.of("brief", "5/second"),
    Policy.of("plenty", "100000/minute"),
]


@pytest.fixture
async def client(valkey: ValkeyProcess) -> AsyncIterator[RedisClient]:
    client = RedisClient(valkey.url, deadline=PATIENT)
    await client.open()
    yield client
    await client.close()


@pytest.fixture
async def limiter(client: RedisClient) -> AsyncIterator[Limiter]:
    limiter = Limiter(client, POLICIES)
    await limiter.open()
    yield limiter
    await limiter.close()


async def admitted(limiter: Limiter, account: Account, times: int) -> int:
    return sum([(await limiter.acquire(account)).allowed for _ in range(times)])


async def test_a_quota_is_usable_to_the_last_unit_and_no_further(limiter: Limiter):
    """Ten an hour admits ten, tells what remains after each, and says when to come back."""
    account = limiter.bind(("ten",), ANA)
    remaining = [(await limiter.acquire(account)).remaining for _ in range(10)]
    assert remaining == list(range(9, -1, -1))
    refused = await limiter.acquire(account)
    assert not refused.allowed
    assert refused.limit == 10
    assert refused.remaining == 0
    assert 3240 <= refused.retry_after <= 3960
    assert abs(refused.reset_at - time.time() - refused.retry_after) < 10


async def test_a_quota_is_whole_across_the_edge_of_a_bucket(client: RedisClient):
    """Units that a process held when their time ended are spent in the next bucket: ten an hour stay ten."""
    clock = TurnableClock()
    limiter = Limiter(client, POLICIES, clock=clock)
    account = limiter.bind(("ten",), ANA)
    assert await admitted(limiter, account, 8) == 8
    slot = account.slots[0]
    assert slot.left > 0 and slot.refused_until > clock.monotonic(), "the last units are in hand, and none is free"
    clock.turn(1.1 * slot.policy.bucket)
    assert await admitted(limiter, account, 4) == 2


async def test_a_quota_is_whole_for_a_steady_caller_who_hurries(client: RedisClient):
    """Units held in advance for later are spent now before anybody is refused for want of them."""
    clock = TurnableClock()
    limiter = Limiter(client, POLICIES, clock=clock)
    account = limiter.bind(("hundred",), ANA)
    slot = account.slots[0]
    for _ in range(3):
        clock.turn(slot.policy.bucket)
        assert await admitted(limiter, account, 10) == 10
    assert slot.starts() < math.inf, "some are held in advance"
    assert await admitted(limiter, account, 71) == 70


async def test_callers_do_not_share_what_is_counted_by_caller(limiter: Limiter):
    """One caller's spending leaves another's quota whole; what is counted by tenant is shared."""
    assert await admitted(limiter, limiter.bind(("ten",), ANA), 11) == 10
    assert await admitted(limiter, limiter.bind(("ten",), BEA), 11) == 10
    assert await admitted(limiter, limiter.bind(("three",), ANA), 2) == 2
    assert await admitted(limiter, limiter.bind(("three",), BEA), 2) == 1


async def test_a_refusal_is_remembered(limiter: Limiter):
    """Of a thousand refused requests, none asks Redis."""
    account = limiter.bind(("ten",), ANA)
    await admitted(limiter, account, 11)
    asked = limiter.asked
    for _ in range(1000):
        decision = limiter.take(account)
        assert decision is not None
        assert not decision.allowed
    assert limiter.asked == asked
    assert limiter.tallies["ten"].refused == 1001


async def test_a_refused_caller_who_waits_as_told_is_admitted(limiter: Limiter):
    """Retry-After is enough and not much more than enough."""
    account = limiter.bind(("brief",), ANA)
    assert await admitted(limiter, account, 6) == 5
    refused = await limiter.acquire(account)
    start = time.monotonic()
    await comes_true(lambda: time.monotonic() >= start + refused.retry_after)
    assert (await limiter.acquire(account)).allowed
    assert refused.retry_after <= 2


async def test_several_policies_are_charged_all_or_none(limiter: Limiter):
    """What one policy refuses costs nothing under the other, asked for together or apart."""
    both, other = limiter.bind(("hundred", "three"), ANA), limiter.bind(("hundred",), ANA)
    decisions = [await limiter.acquire(both) for _ in range(8)]
    assert [decision.allowed for decision in decisions] == [True] * 3 + [False] * 5
    assert decisions[0].policy == POLICIES[2]
    assert decisions[-1].policy == POLICIES[2]
    assert await admitted(limiter, other, 100) == 97


async def test_all_or_none_holds_inside_redis(limiter: Limiter, client: RedisClient):
    """A process that learns of a refusal only from Redis has nothing deducted from its other policies."""
    stranger = Limiter(client, POLICIES)
    await admitted(stranger, stranger.bind(("three",), ANA), 3)
    assert not (await limiter.acquire(limiter.bind(("hundred", "three"), ANA))).allowed
    assert await admitted(stranger, stranger.bind(("hundred",), ANA), 101) == 100


async def test_a_cost_is_paid_whole(limiter: Limiter):
    """A request that costs four is admitted twice from ten, and the two left over are told."""
    decisions = [await limiter.acquire(limiter.bind(("heavy",), ANA)) for _ in range(3)]
    assert [decision.allowed for decision in decisions] == [True, True, False]
    assert [decision.remaining for decision in decisions] == [6, 2, 2]


async def test_eight_processes_share_a_small_quota_to_the_last_unit(valkey: ValkeyProcess):
    """Eight limiters called in turn admit exactly ten of ten, then nothing."""
    clients = [RedisClient(valkey.url, deadline=PATIENT) for _ in range(8)]
    limiters = [Limiter(client, POLICIES) for client in clients]
    for limiter in limiters:
        await limiter.open()
    for limiter in limiters:
        await limiter._show()
    assert [limiter.processes for limiter in limiters] == [8] * 8
    verdicts = [(await one.acquire(one.bind(("ten",), ANA))).allowed for _ in range(4) for one in limiters]
    assert verdicts == [True] * 10 + [False] * 22
    for limiter in limiters:
        await limiter.close()
    for client in clients:
        await client.close()


async def test_requests_at_the_same_time_share_round_trips(limiter: Limiter):
    """A hundred at once from nothing need a few questions, not a hundred, and none is admitted too many."""
    account = limiter.bind(("hundred",), ANA)
    decisions = await asyncio.gather(*(limiter.acquire(account) for _ in range(150)))
    assert sum(decision.allowed for decision in decisions) == 100
    assert limiter.asked <= 5


async def test_a_growing_load_asks_ever_less(limiter: Limiter):
    """Ten thousand admissions in a row take far fewer than a tenth of that in questions."""
    account = limiter.bind(("plenty",), ANA)
    assert await admitted(limiter, account, 10_000) == 10_000
    assert limiter.asked < 100


async def test_what_is_given_back_may_be_spent_again(limiter: Limiter):
    """An answer that costs nothing leaves the quota as it was, however often it is given back."""
    account = limiter.bind(("ten",), ANA)
    for _ in range(40):
        free = await limiter.acquire(account)
        assert free.allowed
        limiter.give_back(free)
        limiter.give_back(free)
        assert free.remaining == 10
    assert await admitted(limiter, account, 11) == 10
    limiter.give_back(await limiter.acquire(account))
    assert await admitted(limiter, account, 1) == 0


async def test_what_is_given_back_too_late_stays_spent(limiter: Limiter):
    """A unit of a bucket that has ended is not spent in another, where it was never counted."""
    account = limiter.bind(("brief",), ANA)
    old = await limiter.acquire(account)
    slot, lapses = account.slots[0], account.slots[0].until
    await comes_true(lambda: time.monotonic() > lapses)
    await limiter.acquire(account)
    left = slot.left
    limiter.give_back(old)
    assert slot.left == left


async def test_a_shadow_counts_and_refuses_nobody(limiter: Limiter):
    """Past its quota a shadow policy is only counted, alone or beside an enforced one; callers see nothing of it."""
    alone, beside = limiter.bind(("watched",), ANA), limiter.bind(("ten", "watched"), ANA)
    assert await admitted(limiter, alone, 5) == 5
    decisions = [await limiter.acquire(beside) for _ in range(11)]
    assert sum(decision.allowed for decision in decisions) == 10
    assert [standing.policy.name for standing in decisions[0].standings()] == ["ten"]
    assert limiter.tallies["watched"].shadowed == 3 + 10


async def test_a_replaced_policy_is_in_force_at_once(limiter: Limiter):
    """An account bound before is under the new quota with its next request, refusals forgotten, counts kept."""
    account = limiter.bind(("ten",), ANA)
    assert await admitted(limiter, account, 11) == 10
    limiter.replace({"ten": Policy.of("ten", "12/hour")})
    assert await admitted(limiter, account, 4) == 2
    limiter.replace({"ten": Policy.of("ten", "12/hour", mode="shadow")})
    assert await admitted(limiter, account, 4) == 4


async def test_lost_scripts_and_lost_data_heal(limiter: Limiter, client: RedisClient):
    """After SCRIPT FLUSH counts go on; after FLUSHALL they begin anew; neither is an error."""
    account = limiter.bind(("ten",), ANA)
    assert await admitted(limiter, account, 5) == 5
    await client.execute("SCRIPT", "FLUSH")
    assert await admitted(limiter, account, 6) == 5
    await client.execute("FLUSHALL")
    await client.execute("SCRIPT", "FLUSH")
    stranger = limiter.bind(("ten",), BEA)
    assert await admitted(limiter, stranger, 11) == 10
    await limiter._show()
    assert limiter.processes == 1


async def test_without_redis_open_admits_a_share_and_says_so(limiter: Limiter, valkey: ValkeyProcess):
    """An open policy goes on with its share, warns, refuses beyond it, and is exact again when Redis is back."""
    account = limiter.bind(("ten",), ANA)
    valkey.stop()
    decisions = [await limiter.acquire(account) for _ in range(12)]
    assert sum(decision.allowed for decision in decisions) == 10
    assert all("approximate" in decision.warnings[0] for decision in decisions)
    assert decisions[-1].retry_after >= 1
    assert limiter.tallies["ten"].approximate == 10
    valkey.start()
    await comes_true(lambda: limiter._client.available)
    healed = await limiter.acquire(account)
    assert healed.allowed
    assert healed.warnings == ()


async def test_without_redis_closed_is_unavailable_and_charges_nothing(valkey: ValkeyProcess):
    """A closed policy answers 503 with Retry-After; an open one beside it is not charged for that."""
    client = RedisClient(valkey.url)
    limiter = Limiter(client, POLICIES)
    await limiter.open()
    valkey.silence()
    start = time.monotonic()
    with pytest.raises(Unavailable) as refused:
        await limiter.acquire(limiter.bind(("ten", "closed"), ANA))
    assert time.monotonic() - start < 20 * client.deadline
    assert int(refused.value.headers["Retry-After"]) >= 1
    with pytest.raises(Unavailable):
        limiter.take(limiter.bind(("ten", "closed"), ANA))
    assert await admitted(limiter, limiter.bind(("ten",), ANA), 11) == 10
    valkey.resume()
    await limiter.close()
    await client.close()


async def test_a_cancelled_request_costs_the_others_nothing(limiter: Limiter):
    """Requests that wait for the same answer as one that was cancelled get it."""
    account = limiter.bind(("ten",), ANA)
    waiting = [asyncio.create_task(limiter.acquire(account)) for _ in range(4)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert all(decision.allowed for decision in answers[1:])
    assert account.slots[0].waiting == 0


async def test_idle_units_are_brought_back(client: RedisClient, limiter: Limiter):
    """What a process took and did not need is there for another after two beats."""
    account = limiter.bind(("hundred",), ANA)
    await admitted(limiter, account, 8)
    held = account.slots[0].left
    assert held > 0
    await limiter._show()
    await limiter._show()
    stranger = Limiter(client, POLICIES)
    assert await admitted(stranger, stranger.bind(("hundred",), ANA), 101) == 92


async def test_memory_and_keys_are_bounded(client: RedisClient):
    """A flood of addresses keeps no more accounts than allowed, and every key in Redis has a time to live."""
    limiter = Limiter(client, POLICIES, most_accounts=50)
    await limiter.open()
    for k in range(300):
        assert (await limiter.acquire(limiter.bind(("ten",), Identity("t", "", f"2001:db8:0:{k:x}::1")))).allowed
    assert len(limiter._accounts) == 50
    assert len(limiter._slots) == 50
    keys = await client.execute("KEYS", "*")
    assert len(keys) > 300
    lives = await client.batch([("TTL", key) for key in keys])
    assert min(lives) > 0
    await limiter.close()


async def test_repeated_binding_gives_the_same_account(limiter: Limiter):
    """Binding again costs a look-up, and an unknown policy is a mistake of the program."""
    assert limiter.bind(("ten",), ANA) is limiter.bind(("ten",), ANA)
    assert limiter.bind(("ten", "hundred"), ANA).slots[0] is limiter.bind(("ten",), ANA).slots[0]
    with pytest.raises(KeyError):
        limiter.bind(("unheard-of",), ANA)


def test_keys_name_whom_a_policy_counts():
    """Each kind of policy counts by its own part of the identity, and e-mail addresses never reach Redis."""
    keys = {per: counted_key(Policy("p", 1, 60, per=per), ANA) for per in ("principal", "address", "account")}
    assert keys["principal"] == "esteio:{t}:limit:p:6000000:principal:user%3Aana"
    assert keys["address"] == "esteio:{t}:limit:p:6000000:address:192.0.2.1"
    assert "example" not in keys["account"]
    for per in ("tenant", "route"):
        policy = Policy("p", 1, 60, per=per)
        assert counted_key(policy, ANA) == counted_key(policy, BEA)
    together = Policy("p", 1, 60, per="account_address")
    assert counted_key(together, ANA) != counted_key(together, BEA)
    anonymous = Identity("t", "", "192.0.2.1")
    assert counted_key(Policy("p", 1, 60), anonymous) == keys["address"]


def test_who_has_many_addresses():
    """The addresses of one IPv6 network count together, also in their other spelling; those of IPv4 each for itself."""
    key = lambda address: counted_key(Policy("p", 1, 60, per="address"), Identity("t", address=address))  # noqa: E731
    assert key("2001:db8:1:2::1") == key("2001:db8:1:2:ffff::9") != key("2001:db8:1:3::1")
    assert key("::ffff:192.0.2.1") == key("192.0.2.1") != key("192.0.2.2")
    assert key("") == key("") != key("not an address")
