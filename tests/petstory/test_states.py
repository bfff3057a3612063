"""The state machine against the database: every way once, every other pair refused."""

from typing import Any
from uuid import UUID

import orjson
import pytest

from esteio.auth.audit import Audit
from esteio.base.principal import DEFAULT_TENANT
from esteio.db.transaction import transaction
from esteio.services.petstory.errors import OrderState
from esteio.services.petstory.metrics import steps
from esteio.services.petstory.models import Order
from esteio.services.petstory.orders import Actor, change, locked, move
from esteio.services.petstory.states import STATES, WAYS, State
from tests.house import Served, eventually
from tests.petstory.shop import Shop


def actor_at(served: Served) -> Actor:
    clock = served.app.resources.clock
    return Actor("test:mover", DEFAULT_TENANT, clock, Audit(clock))


async def moved(served: Served, order_id: UUID, to: State) -> int:
    """Move the order in a transaction of its own; the version that it then has."""
    async with transaction(served.app.resources.database, DEFAULT_TENANT) as session:
        order = await move(session, await locked(session, order_id), to, actor=actor_at(served), reason="because")
        return order.version


def left_behind(shop: Shop, order_id: UUID) -> dict[str, Any]:
    """Everything that a step of the order leaves."""
    row = shop.row(order_id)
    told = shop.served.sql("SELECT name, data FROM outbox WHERE subject = $1 ORDER BY position", str(order_id))
    noted = shop.served.sql("SELECT * FROM audit_log WHERE subject = $1 ORDER BY id", str(order_id))
    return {
        "state": (row["state"], row["version"], row["reason"]),
        "told": [(one["name"], orjson.loads(one["data"])) for one in told],
        "noted": [(one["action"], one["actor"], orjson.loads(one["details"])) for one in noted],
    }


@pytest.mark.parametrize("state", STATES)
def test_ways(shop: Shop, state: State) -> None:
    """From each state every way leads where it should, with one version, one fact and one entry more; no other does."""
    order = shop.begin()
    for to in STATES:
        shop.put(order.id, state=state, version=1, reason=None)
        before = left_behind(shop, order.id)
        if to not in WAYS[state]:
            with pytest.raises(OrderState):
                shop.served.run(lambda to=to: moved(shop.served, order.id, to))
            assert left_behind(shop, order.id) == before, (state, to)
            continue
        assert shop.served.run(lambda to=to: moved(shop.served, order.id, to)) == 2
        after = left_behind(shop, order.id)
        assert after["state"] == (to, 2, "because")
        assert len(after["told"]) == len(before["told"]) + 1 and len(after["noted"]) == len(before["noted"]) + 1
        name, fact = after["told"][-1]
        assert (name, fact["previous"], fact["state"], fact["version"]) == (f"order.{to}", state, to, 2)
        assert after["noted"][-1] == (f"petstory.order.{to}", "test:mover", {"from": state, "reason": "because"})


def test_every_state_can_be_reached() -> None:
    """No state stands apart: each can be reached from a draft, and only a charged-back order goes nowhere."""
    reached, waiting = {"draft"}, ["draft"]
    while waiting:
        found = WAYS[waiting.pop()] - reached  # type: ignore[index]
        reached |= found
        waiting += found
    assert reached == set(STATES)
    assert [state for state in STATES if not WAYS[state]] == ["charged_back"]


def test_what_the_operator_sees(shop: Shop, capfd: pytest.CaptureFixture[str]) -> None:
    """A step is counted and logged with the order's id once it is committed, failures as warnings; else not at all."""
    order = shop.begin()

    async def undone() -> None:
        async with transaction(shop.served.app.resources.database, DEFAULT_TENANT) as session:
            await move(session, await locked(session, order.id), "production_failed", actor=actor_at(shop.served))
            raise LookupError

    shop.put(order.id, state="paid")
    counted = steps().labels("production_failed")._value.get()
    with pytest.raises(LookupError):
        shop.served.run(undone)
    assert steps().labels("production_failed")._value.get() == counted
    shop.served.run(lambda: moved(shop.served, order.id, "production_failed"))
    assert steps().labels("production_failed")._value.get() == counted + 1
    seen: list[str] = []

    def written() -> list[str]:
        seen.extend("".join(capfd.readouterr()).splitlines())
        return [line for line in seen if str(order.id) in line and "production_failed" in line]

    lines = eventually(written)
    assert len(lines) == 1 and "petstory.order" in lines[0] and "warning" in lines[0] and "because" in lines[0]


def test_two_at_once(shop: Shop) -> None:
    """Two that want the same move at once make one: the other is refused, whichever looked first."""
    order = shop.begin()
    shop.put(order.id, state="checkout_created")
    before = left_behind(shop, order.id)

    async def race() -> list[Any]:
        import asyncio

        tries = [moved(shop.served, order.id, "paid") for _ in range(5)]
        return await asyncio.gather(*tries, return_exceptions=True)

    came = shop.served.run(race)
    assert sum(isinstance(one, OrderState) for one in came) == 4 and 2 in came
    after = left_behind(shop, order.id)
    assert after["state"][:2] == ("paid", 2)
    assert (len(after["told"]), len(after["noted"])) == (len(before["told"]) + 1, len(before["noted"]) + 1)


def test_a_stale_look_moves_nothing(shop: Shop) -> None:
    """Who looked at an order without holding it, and writes after somebody else did, changes nothing."""
    order = shop.begin()
    shop.put(order.id, state="checkout_created")

    async def late(to: State | None) -> None:
        async with transaction(shop.served.app.resources.database, DEFAULT_TENANT) as session:
            seen = await session.get_one(Order, order.id)
            await moved(shop.served, order.id, "payment_pending")
            if to is None:
                await change(session, seen, actor=actor_at(shop.served), words="late")
            else:
                await move(session, seen, to, actor=actor_at(shop.served))

    for to in ("paid", None):
        shop.put(order.id, state="checkout_created")
        with pytest.raises(OrderState):
            shop.served.run(lambda to=to: late(to))
        row = shop.row(order.id)
        assert (row["state"], row["words"]) == ("payment_pending", "He loves the sea.")
