"""How many at once: over all processes, freed by whoever ends or dies, bounded without Redis too."""

import asyncio
import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import APIRouter

from esteio.base.errors import StartRefused, Unavailable
from esteio.http.answers import Answer
from esteio.http.rules import rules
from esteio.limits.concurrency import Concurrency, Places, TooManyAtOnce
from esteio.limits.identity import Identity
from esteio.manifest import Manifest
from esteio.redis.client import RedisClient
from tests.conftest import House
from tests.house import Served, eventually
from tests.redis.valkey_process import ValkeyProcess, comes_true

MOST = 5
ME = Identity("tenant", "key:me", "192.0.2.1")
BOUND = Concurrency("exports", MOST)
HOLDER = """
import asyncio, sys
from esteio.limits.concurrency import Concurrency, Places
from esteio.limits.identity import Identity
from esteio.redis.client import RedisClient

async def hold():
    client = RedisClient(sys.argv[1], deadline=2.0)
    await client.open()
    places = Places(client, [Concurrency("exports", 5)], lambda: 1, lease=2.0)
    await places.open()
    for _ in range(3):
        await places.take("exports", Identity("tenant", "key:me", "192.0.2.1"))
    print("held", flush=True)
    await asyncio.sleep(120)

asyncio.run(hold())
"""


async def opened(url: str, *bounds: Concurrency, lease: float = 30.0, processes: int = 4) -> Places:
    client = RedisClient(url, deadline=2.0)
    await client.open()
    places = Places(client, bounds or (BOUND,), lambda: processes, lease=lease)
    await places.open()
    return places


@pytest.mark.anyio
class TestPlaces:
    async def test_never_more_than_the_bound_over_processes(self, valkey: ValkeyProcess) -> None:
        """R14: sixteen takers of four processes hold at most five places at any moment, and five are really held."""
        processes = [await opened(valkey.url) for _ in range(4)]
        held, most, refused = 0, 0, 0

        async def taker(places: Places, seed: int) -> None:
            nonlocal held, most, refused
            chance = random.Random(seed)
            for _ in range(40):
                try:
                    place = await places.take("exports", ME)
                except TooManyAtOnce:
                    refused += 1
                    continue
                held += 1
                most = max(most, held)
                await asyncio.sleep(chance.random() * 0.01)
                held -= 1
                places.leave(place)

        await asyncio.gather(*(taker(processes[number % 4], number) for number in range(16)))
        assert most == MOST
        assert refused
        for places in processes:
            await places.close()

    async def test_each_caller_has_its_own(self, valkey: ValkeyProcess) -> None:
        """Who has none left takes nothing from another caller, tenant or address; `tenant` counts all its callers."""
        places = await opened(valkey.url, Concurrency("each", 1), Concurrency("all", 1, per="tenant"))
        await places.take("each", ME)
        with pytest.raises(TooManyAtOnce):
            await places.take("each", ME)
        for other in (ME._replace(principal="key:you"), ME._replace(tenant="other"), ME._replace(principal="")):
            await places.take("each", other)
        await places.take("all", ME)
        with pytest.raises(TooManyAtOnce):
            await places.take("all", ME._replace(principal="key:you"))
        await places.close()

    async def test_a_place_is_kept_for_longer_than_its_lease(self, valkey: ValkeyProcess) -> None:
        """What runs for long keeps its place; given back, it is free at once."""
        places = await opened(valkey.url, Concurrency("exports", 1), lease=0.4)
        place = await places.take("exports", ME)
        ends = asyncio.get_running_loop().time() + 1.6
        while asyncio.get_running_loop().time() < ends:
            with pytest.raises(TooManyAtOnce):
                await places.take("exports", ME)
        places.leave(place)
        places.leave(place)
        await comes_true(lambda: valkey.ask("KEYS", "*") == b"*0\r\n")
        await places.take("exports", ME)
        await places.close()

    async def test_a_killed_process_frees_its_places(self, valkey: ValkeyProcess) -> None:
        """After kill -9 its places are free when their leases are over, and not before."""
        command = [sys.executable, "-c", HOLDER, valkey.url]
        holder = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        assert holder.stdout is not None
        assert await holder.stdout.readline() == b"held\n"
        places = await opened(valkey.url)
        for _ in range(MOST - 3):
            await places.take("exports", ME)
        holder.kill()
        await holder.wait()
        with pytest.raises(TooManyAtOnce):
            await places.take("exports", ME)
        taken = 0
        async with asyncio.timeout(30):
            while taken < 3:
                try:
                    await places.take("exports", ME)
                    taken += 1
                except TooManyAtOnce:
                    await asyncio.sleep(0.05)
        await places.close()

    async def test_who_gives_up_waiting_for_a_place_holds_none(self, valkey: ValkeyProcess) -> None:
        """A taker that is cancelled, whenever that is, leaves nothing behind, long before a lease would be over."""
        places = await opened(valkey.url, Concurrency("exports", 100))
        for steps in range(40):
            taking = asyncio.create_task(places.take("exports", ME))
            for _ in range(steps):
                await asyncio.sleep(0)
            if not taking.cancel():
                places.leave(taking.result())
        await comes_true(lambda: valkey.ask("KEYS", "*") == b"*0\r\n", 10)
        await places.close()

    async def test_a_place_given_back_while_leases_are_renewed_stays_free(self, valkey: ValkeyProcess) -> None:
        """A renewal that is under way revives nothing that was given back meanwhile."""
        lease = 6.0
        places = await opened(valkey.url, lease=lease)
        held = [await places.take("exports", ME._replace(principal=f"key:{number}")) for number in range(300)]

        def left() -> float:
            return int(valkey.ask("PTTL", held[0].key)[1:]) / 1000

        await comes_true(lambda: left() < lease - 0.5)
        await comes_true(lambda: left() > lease - 0.3)
        for place in held:
            places.leave(place)
        await comes_true(lambda: valkey.ask("KEYS", "*") == b"*0\r\n", lease / 2)
        await places.close()

    async def test_without_redis(self, valkey: ValkeyProcess) -> None:
        """Open: each process admits its share, at least one. Closed: 503. With Redis back it counts together again."""
        places = await opened(valkey.url, Concurrency("open", 8), Concurrency("closed", 8, fail="closed"), lease=0.4)
        first = await places.take("open", ME)
        valkey.crash()
        second = await places.take("open", ME)
        with pytest.raises(TooManyAtOnce):
            await places.take("open", ME)
        with pytest.raises(Unavailable):
            await places.take("closed", ME)
        places.leave(second)
        await places.take("open", ME)
        valkey.start()
        # What is still running is counted again, before and beside what is new.
        await comes_true(lambda: b"*2" in valkey.ask("ZRANGE", first.key, "0", "-1")[:4], 30)
        await places.close()


def slow_service(gate: threading.Event, entered: list[int]) -> Manifest:
    """One operation that runs until it is let go, two at a time for each caller."""
    router = APIRouter()

    @router.get("/slow")
    @rules("slow:run", at_once="slow")
    async def slow() -> Answer:
        """Waits until it is let go."""
        entered.append(1)
        await asyncio.to_thread(gate.wait, 30)
        return Answer({})

    return Manifest(
        name="slow",
        routers={"v2": router},
        permissions={"slow:run": "Run what takes long"},
        at_once=(Concurrency("slow", 2),),
    )


def test_over_http_and_two_processes(house: House, new_database, new_redis) -> None:  # type: ignore[no-untyped-def]
    """The third at once is 429 with its code and Retry-After, at whichever process; one that ended makes room."""
    gate, entered = threading.Event(), []
    services = (slow_service(gate, entered),)
    given = {"database_url": new_database(), "redis_url": new_redis()}
    with (
        house(services=services, **given) as first,
        house(services=services, **given) as second,
        ThreadPoolExecutor(2) as crowd,
    ):
        begun = [crowd.submit(one.client.get, "/api/v2/slow") for one in (first, second)]
        eventually(lambda: len(entered) == 2)
        refused = second.client.get("/api/v2/slow")
        assert refused.status_code == 429
        assert refused.json()["errors"][0]["code"] == "TOO_MANY_AT_ONCE"
        assert refused.headers["retry-after"] == "1"
        gate.set()
        assert [answer.result().status_code for answer in begun] == [200, 200]
        eventually(lambda: first.client.get("/api/v2/slow").status_code == 200)


def test_the_place_of_a_caller_who_hung_up_is_free(house: House) -> None:
    """A caller that went away in the middle holds no place any more."""
    gate, entered = threading.Event(), []
    with house(services=(slow_service(gate, entered),), LIMITS__AT_ONCE="slow=1") as running:
        with pytest.raises(Exception, match="timed out"):
            running.client.get("/api/v2/slow", timeout=0.5)
        eventually(lambda: len(entered) == 1)
        gate.set()
        eventually(lambda: running.client.get("/api/v2/slow").status_code == 200)


@pytest.mark.parametrize(("text", "words"), [("slows=3", "there are"), ("slow=0", "between 1"), ("slow", "between 1")])
def test_a_setting_that_is_none_is_refused_at_the_start(house: House, text: str, words: str) -> None:
    """The refusal names the variable and what there is."""
    service = slow_service(threading.Event(), [])
    with (
        pytest.raises(StartRefused, match=words) as refused,
        house(services=(service,), LIMITS__AT_ONCE=text),
    ):
        pass
    assert "ESTEIO_LIMITS__AT_ONCE" in str(refused.value)


def test_downloads_are_bounded(served: Served) -> None:
    """What a house ships with: downloads, exports of capsules and uploads of photos name their bounds."""
    assert {"downloads", "capsules.exports", "petstory.uploads"} <= set(served.app.places.declared)
