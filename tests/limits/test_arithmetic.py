"""The arithmetic of buckets against a plain reference: the real script in a real Valkey, its clock turned by hand."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from esteio.limits.grant import grants
from esteio.limits.ledger import Ledger
from esteio.limits.policy import BUCKETS, Policy
from esteio.limits.script import lease_script
from esteio.limits.slot import NEVER, Slot
from tests.redis.valkey_process import ValkeyProcess

SCRIPT = lease_script(now="local now = tonumber(ARGV[#ARGV])")
KEY = "esteio:{t}:limit:sim"
EPOCH = 1_790_000_000_000_000
"""The server's clock at the beginning, in microseconds."""

WINDOW_US = 10_000_000


def fullest(instants: list[int], window: int) -> int:
    """The reference: for every admission, all those within a window of it, counted one by one."""
    return max((sum(1 for other in instants if at <= other <= at + window) for at in instants), default=0)


@dataclass
class Member:
    """A process whose clock has its own zero and its own pace."""

    slot: Slot
    zero: float
    pace: float

    def clock(self, server_us: int) -> float:
        return self.zero + (server_us - EPOCH) / 1e6 * self.pace

    def server(self, instant: float) -> int:
        return EPOCH + int((instant - self.zero) / self.pace * 1e6)

    def held(self) -> Counter[int]:
        """Units that may still be used, by bucket."""
        counts = Counter({self.slot._bucket: self.slot.left})
        for later in self.slot._ahead:
            counts[later.bucket] += later.units
        return counts


@dataclass
class World:
    """The server's clock, a few processes, and when each of them admitted something.

    After every step the three facts that the proof rests on are looked at: a unit is used within its bucket; what is
    used or held of a bucket is pinned to it; and what is pinned to eleven buckets in a row is within the quota.
    """

    valkey: redis.Redis
    quota: int
    now: int = EPOCH
    admitted: list[int] = field(default_factory=list)
    used: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.valkey.flushall()
        policy = Policy("sim", self.quota, WINDOW_US / 1e6)
        drifts = ((5.0, 1.0), (1000.0, 1.0009), (-3.0, 0.9991))
        self.members = [Member(Slot(policy, KEY), zero, pace) for zero, pace in drifts]
        self.length = policy.bucket_us

    def wait(self, us: int) -> None:
        self.now += us

    def ask(self, who: int, need: int, more: int, ahead: int, there: int, back: int) -> None:
        """A round trip whose way there and way back take their time; all else stands still meanwhile."""
        member = self.members[who]
        slot = member.slot
        sent = member.clock(self.now)
        slot.usable(sent)
        slot.set_ahead_aside()
        row = [self.quota, self.length, 1, need, need + more, ahead, 1, ahead, 1, slot.epoch]
        returns = slot.take_returns()
        self.wait(there)
        answer = self.valkey.eval(SCRIPT.text, 1, KEY, *row, returns, self.now)
        self.wait(back)
        seen, parts = grants(answer, [self.length], sent, member.clock(self.now))
        slot.fill(parts[0], seen)

    def use(self, who: int, times: int) -> None:
        member = self.members[who]
        now = member.clock(self.now)
        for _ in range(times):
            if member.slot.usable(now):
                assert member.slot._bucket == self.now // self.length
                member.slot.left -= 1
                self.admitted.append(self.now)
                self.used[self.now // self.length] += 1

    def use_at_the_last_moment(self, who: int, times: int) -> None:
        member = self.members[who]
        if member.slot.until > NEVER:
            self.now = max(self.now, member.server(member.slot.until) - 1)
        self.use(who, times)

    def use_at_the_first_moment(self, who: int, times: int) -> None:
        member = self.members[who]
        if member.slot.starts() < math.inf:
            self.now = max(self.now, member.server(member.slot.starts()) + 1)
        self.use(who, times)

    def empty(self, who: int) -> None:
        """Everything held is returned with the next question."""
        self.members[who].slot.empty()

    def check(self) -> None:
        pinned = self.pinned()
        for first in range(min(pinned, default=0), max(pinned, default=0) + 1):
            assert sum(pinned[bucket] for bucket in range(first, first + BUCKETS + 1)) <= self.quota
        counts = self.used.copy()
        for member in self.members:
            counts += member.held()
        for bucket, units in counts.items():
            if bucket in pinned:
                assert units <= pinned[bucket]

    def pinned(self) -> Counter[int]:
        """What the server has stored: units by bucket."""
        row = self.valkey.eval("local s = redis.call('GET', KEYS[1]); return s and cmsgpack.unpack(s)", 1, KEY)
        return Counter({row[1] + at: units for at, units in enumerate(row[2:])}) if row else Counter()


SECOND = 1_000_000
near = some.integers(-1_000, 1_000)
waits = some.one_of(
    some.integers(0, 2_500_000),
    some.builds(lambda seconds, us: max(0, seconds * SECOND + us), some.sampled_from([0, 1, 1, 2, 9, 10, 11]), near),
)
brief = some.one_of(some.just(0), some.just(0), some.integers(0, 3_000), some.integers(0, 1_500_000))
process = some.integers(0, 2)
often = some.sampled_from(
    ["ask", "ask", "use", "use", "use_at_the_last_moment", "use_at_the_first_moment", "wait", "empty"]
)


@some.composite
def plans(draw: some.DrawFn) -> list[tuple]:
    """A list of steps: a name of a method of the world and its arguments."""
    plan = []
    for name in draw(some.lists(often, min_size=20, max_size=60)):
        if name == "wait":
            plan.append((name, draw(waits)))
        elif name == "ask":
            sizes = (draw(some.integers(1, 8)), draw(some.integers(0, 8)), draw(some.integers(0, 4)))
            plan.append((name, draw(process), *sizes, draw(brief), draw(brief)))
        elif name == "empty":
            plan.append((name, draw(process)))
        else:
            plan.append((name, draw(process), draw(some.integers(1, 12))))
    return plan


@pytest.fixture(scope="module")
def server() -> Iterator[redis.Redis]:
    process = ValkeyProcess()
    process.start()
    yield redis.Redis(unix_socket_path=str(process.socket))
    process.discard()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(quota=some.integers(1, 30), plan=plans())
def test_no_interval_of_a_window_holds_more_than_the_quota(server: redis.Redis, quota: int, plan: list[tuple]):
    """Whatever is asked, used, held, returned and delayed, in whatever order and by clocks of whatever pace, every
    interval of a window's length holds at most the quota by the server's clock."""
    world = World(server, quota)
    for name, *arguments in plan:
        getattr(world, name)(*arguments)
        world.check()
    assert fullest(world.admitted, WINDOW_US) <= quota


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(quota=some.integers(1, 30), gaps=some.lists(some.integers(0, 3_000_000), min_size=1, max_size=60))
def test_a_lone_process_is_refused_only_when_the_last_eleven_buckets_are_full(
    server: redis.Redis, quota: int, gaps: list[int]
):
    """Asked for one unit at a time, the script grants whenever the buckets hold less than the quota, and names the
    exact bucket in which a refused unit becomes free."""
    world = World(server, quota)
    slot = world.members[0].slot
    length = slot.policy.bucket_us
    for gap in gaps:
        world.wait(gap)
        held = sorted(at for at in world.admitted if at // length >= world.now // length - 10)
        before = len(world.admitted)
        world.ask(0, 1, 0, 0, 0, 0)
        world.use(0, 1)
        assert (len(world.admitted) > before) == (len(held) < quota)
        if len(held) >= quota:
            opens = (held[len(held) - quota] // length + 11) * length
            assert slot.refused_until == pytest.approx(world.members[0].clock(opens), abs=0.05)


def test_units_of_before_a_loss_of_data_are_not_returned_to_counts_of_after(server: redis.Redis):
    """A process that returns units which another life of the server granted does not free those of this life."""
    world = World(server, 10)
    world.ask(0, 5, 0, 0, 0, 0)
    world.valkey.flushall()
    world.wait(1)
    world.ask(1, 10, 0, 0, 0, 0)
    world.empty(0)
    world.ask(0, 5, 0, 0, 0, 0)
    assert world.members[0].slot.left == 0


def test_a_server_clock_set_back_frees_nothing_early(server: redis.Redis):
    """After the clock was set back, what was admitted goes on being counted for at least a window."""
    world = World(server, 10)
    world.ask(0, 10, 0, 0, 0, 0)
    world.now -= 3 * WINDOW_US
    for _ in range(10):
        world.ask(1, 1, 0, 0, 0, 0)
        assert world.members[1].slot.left == 0
        world.wait(WINDOW_US // 10)
    world.wait(WINDOW_US)
    world.ask(1, 1, 0, 0, 0, 0)
    assert world.members[1].slot.left == 1


def test_every_key_expires(server: redis.Redis):
    """A counter that nobody asks for any more is gone soon after its window."""
    world = World(server, 10)
    world.ask(0, 1, 0, 0, 0, 0)
    assert 0 < server.pttl(KEY) <= 2 * WINDOW_US / 1000


@given(
    quota=some.integers(1, 20),
    plan=some.lists(some.tuples(some.floats(0, 3), some.integers(1, 4)), min_size=1, max_size=80),
)
def test_the_ledger_of_a_process_never_exceeds_its_bound(quota: int, plan: list[tuple[float, int]]):
    """Without Redis too, no interval of a window's length holds more than the bound, and waiting as told suffices."""
    ledger, now, taken = Ledger(1.0), 100.0, []
    for gap, units in plan:
        now += gap
        units = min(units, quota)
        if ledger.free(now, quota) >= units:
            ledger.take(now, units)
            taken += [round(now * 1e6)] * units
        else:
            opens = ledger.opens(now, quota, units)
            assert math.floor(now) < opens <= math.floor(now) + 11
            assert ledger.free(now, quota) < units
    assert fullest(taken, WINDOW_US) <= quota
