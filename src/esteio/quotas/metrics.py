"""What quotas refused."""

from functools import cache

from prometheus_client import Counter


@cache
def refusals() -> Counter:
    """Takings that were refused because the tenant has or used what it may, by quota."""
    return Counter("esteio_quota_refusals_total", "What quotas refused", ["quota"])
