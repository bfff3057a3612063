"""The response cache: nothing in it is older than it says, or than what was written since."""

import pytest

from esteio.base.clock import TurnableClock
from esteio.http.answers import Resource
from esteio.http.cache import ResponseCache

KEY, TAGS = ("tenant", "", "/api/v2/pets", ""), ("tenant:pet",)


def resource(text: bytes = b"[]") -> Resource:
    return Resource(text)


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def in_touch() -> list[bool]:
    """Whether the process hears of others' writes; a test may change it."""
    return [True]


@pytest.fixture
def cache(clock: TurnableClock, in_touch: list[bool]) -> ResponseCache:
    return ResponseCache(10_000, clock, lambda: in_touch[0])


def test_an_answer_is_kept_for_its_time_counted_from_when_it_was_begun(
    cache: ResponseCache, clock: TurnableClock
) -> None:
    """A slow read shortens what is left of the answer's time."""
    slot = cache.slot(KEY, TAGS, 5)
    clock.turn(3)
    cache.fill(slot, resource())
    clock.turn(1.9)
    assert cache.get(KEY) is not None
    clock.turn(0.2)
    assert cache.get(KEY) is None


def test_a_write_ends_what_carries_its_tag_and_nothing_else(cache: ResponseCache) -> None:
    """Touching a tag ends the answers made from it."""
    other = ("tenant", "", "/api/v2/owners", "")
    cache.fill(cache.slot(KEY, TAGS, 5), resource())
    cache.fill(cache.slot(other, ("tenant:owner",), 5), resource())
    cache.touch(["tenant:pet"])
    assert cache.get(KEY) is None
    assert cache.get(other) is not None


@pytest.mark.parametrize("news", ["touch", "clear"])
def test_a_slow_read_cannot_bring_back_what_was_replaced(cache: ResponseCache, news: str) -> None:
    """An answer that was begun before a write is not kept after it."""
    slot = cache.slot(KEY, TAGS, 5)
    if news == "touch":
        cache.touch(TAGS)
    else:
        cache.clear()
    cache.fill(slot, resource())
    assert cache.get(KEY) is None


def test_out_of_touch_nothing_is_kept_or_given(cache: ResponseCache, in_touch: list[bool]) -> None:
    """A process that cannot hear of writes elsewhere answers from nothing but the database."""
    cache.fill(cache.slot(KEY, TAGS, 5), resource())
    in_touch[0] = False
    assert cache.get(KEY) is None
    cache.fill(cache.slot(KEY, TAGS, 5), resource(b"[1]"))
    in_touch[0] = True
    kept = cache.get(KEY)
    assert kept is None or kept.data == b"[]"


def test_memory_is_bounded(cache: ResponseCache) -> None:
    """The least recently used goes first, and what is too large is not kept at all."""
    keys = [("tenant", "", f"/{number}", "") for number in range(20)]
    for key in keys:
        cache.fill(cache.slot(key, TAGS, 5), resource(b"x" * 800))
    kept = [key for key in keys if cache.get(key) is not None]
    assert kept == keys[-len(kept) :]
    assert 4 <= len(kept) <= 9
    cache.fill(cache.slot(KEY, TAGS, 5), resource(b"x" * 5_000))
    assert cache.get(KEY) is None
