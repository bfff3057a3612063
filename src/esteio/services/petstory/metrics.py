"""What PetStory counts."""

from functools import cache

from prometheus_client import Counter


@cache
def steps() -> Counter:
    """By the state that was entered; counted once its transaction has committed."""
    return Counter("esteio_petstory_orders_total", "Orders that entered a state", ["state"])
