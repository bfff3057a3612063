"""Policies are data that say what is wrong with them."""

import pytest

from esteio.limits.policy import Policy, rate


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("60/minute", (60, 60)),
        ("10/second", (10, 1)),
        ("100/30s", (100, 30)),
        ("1000/hours", (1000, 3600)),
        (" 5 / Day ", (5, 86400)),
        ("7/2h", (7, 7200)),
        ("1/5min", (1, 300)),
    ],
)
def test_a_rate_is_read(text: str, meaning: tuple[int, int]):
    """Counts and periods in the usual spellings are understood."""
    assert rate(text) == meaning


@pytest.mark.parametrize(
    "text", ["", "60", "60/", "/minute", "0/minute", "-1/s", "60/fortnight", "1.5/s", "9/0s", "x/s", "٣/s"]
)
def test_a_bad_rate_says_what_is_allowed(text: str):
    """Anything else is a ValueError that shows an example."""
    with pytest.raises(ValueError, match="60/minute"):
        rate(text)


def test_a_rate_beyond_a_month_is_refused():
    """A window longer than is kept is a ValueError."""
    with pytest.raises(ValueError, match="31 days"):
        rate("1/32d")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Burst"},
        {"name": 'a"b'},
        {"quota": 0},
        {"window": 0.5},
        {"cost": 0},
        {"cost": 11},
        {"per": "planet"},
        {"fail": "ajar"},
        {"mode": "maybe"},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, object]):
    """Each field is checked where the policy is written."""
    with pytest.raises(ValueError, match=r"."):
        Policy(**({"name": "burst", "quota": 10, "window": 60} | wrong))


@pytest.mark.parametrize("window", [1, 7, 60, 3600.5, 86400])
def test_ten_buckets_cover_a_window(window: float):
    """However a window divides, its buckets are never shorter than it: the proof rests on that."""
    policy = Policy("p", 1, window)
    assert policy.bucket_us * 10 >= window * 1_000_000
