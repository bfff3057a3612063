"""A receiver that is slow holds up its own deliveries and no other's."""

from collections.abc import Callable

from esteio.webhooks.kinds import AT_ONCE
from tests.conftest import House
from tests.house import environment
from tests.upstream.receiver import Receiver
from tests.webhooks.senders import SERVICES
from tests.webhooks.station import OPEN, PLACE, Station, endpoint
from tests.worker.processes import scheduler, worker

SLOTS = 8
FACTS = 12
PATIENT = {**OPEN, "UPSTREAM__TOTAL_TIMEOUT": "60", "JOBS__IO_SLOTS": str(SLOTS)}


def test_one_that_hangs(
    house: House, new_database: Callable[[], str], new_redis: Callable[[], str], receiver: Receiver
) -> None:
    """While as many attempts to one receiver hang as may hang at once, those to another use all other slots."""
    reached = {"database_url": new_database(), "redis_url": new_redis()}
    given = environment(*reached.values(), **PATIENT)
    with house(services=SERVICES, **reached, **PATIENT) as served:
        slow = endpoint(served, receiver.url("/held/slow"))
        fast = endpoint(served, receiver.url("/status/200"))
        for _ in range(FACTS):
            served.pet()
        here = Station(served)
        with worker(given, queues="io", services=PLACE), scheduler(given, services=PLACE):
            here.ended(fast, number=FACTS)
            hanging = [one for one in receiver.requests if one.path == "/held/slow"]
            assert len(hanging) == AT_ONCE
            assert {one["state"] for one in here.deliveries(slow)} == {"pending"}
            receiver.gate.set()
            here.ended(slow, number=FACTS)
