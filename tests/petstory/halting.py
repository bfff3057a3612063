"""Stops whoever is about to write down something in particular, so that a process can be killed at just that moment."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import asyncpg

from tests.house import AMPLE, eventually
from tests.petstory.deployment import SLOW, Deployment, Journey

NUMBER = 4711
"""Of the lock that everybody waits for."""

_WAITING = "SELECT count(*) AS number FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted"


@dataclass(frozen=True)
class Moment:
    """A change of a table's row, as a trigger's condition names it; `column` has the order's id."""

    table: str
    when: str
    event: str = "UPDATE"

    @property
    def column(self) -> str:
        return "id" if self.table == "orders" else "order_id"


class Halt:
    """The process that came to the moment waits, in the middle of its transaction."""

    def __init__(self, shop: Deployment) -> None:
        self._shop = shop

    def reached(self) -> None:
        """Wait until somebody is there."""
        eventually(lambda: self._shop.sql(_WAITING, NUMBER)[0]["number"], SLOW, every=0.05)


@contextmanager
def halted(order: Journey, moment: Moment) -> Iterator[Halt]:
    """Whoever comes to this moment of the order waits there until the block ends, and nobody does afterwards."""
    shop = order.shop
    with _locked(shop):
        shop.sql(
            "CREATE FUNCTION halt() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN PERFORM pg_advisory_xact_lock_shared({NUMBER}); RETURN NEW; END $$"
        )
        shop.sql(
            f"CREATE TRIGGER halt BEFORE {moment.event} ON petstory_{moment.table} FOR EACH ROW "
            f"WHEN (NEW.{moment.column} = '{order.id}' AND {moment.when}) EXECUTE FUNCTION halt()"
        )
        yield Halt(shop)
    shop.sql("DROP FUNCTION halt CASCADE")


@contextmanager
def _locked(shop: Deployment) -> Iterator[None]:
    """The lock is held by a connection of its own."""
    loop = asyncio.new_event_loop()
    url = shop.given["ESTEIO_DATABASE__URL"].replace("//esteio@", "//postgres@")
    connection = loop.run_until_complete(asyncpg.connect(url, timeout=AMPLE))
    loop.run_until_complete(connection.execute(f"SELECT pg_advisory_lock({NUMBER})"))
    try:
        yield
    finally:
        loop.run_until_complete(connection.close())
        loop.close()
