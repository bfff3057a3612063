"""Who tells the shop what became of its payments, and what may go wrong on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from itertools import count
from typing import Any

from esteio.standins.mercadopago.deliveries import Delivery, Postman, State
from esteio.standins.mercadopago.habits import Habits
from esteio.standins.mercadopago.notices import IPN, WEBHOOK, Notice

KEPT = 10_000
REORDERED_WITHIN = 1.0


class Courier:
    """Deliveries in the order in which they were made. All of it runs in the stand-in's loop."""

    def __init__(self, postman: Postman) -> None:
        self._postman = postman
        self._tasks: set[asyncio.Task[None]] = set()
        self.deliveries: list[Delivery] = []
        self.clear()

    def clear(self) -> None:
        """Ends what is on its way."""
        for task in self._tasks:
            task.cancel()
        for delivery in self.deliveries:
            delivery.tried.set()
        self.habits = Habits()
        self.deliveries = []
        self._numbers = count(1)
        self._kept_back: list[Delivery] = []

    def send(self, notice: Notice, url: str, habits: Habits, reordered: bool = False) -> list[Delivery]:
        """Sends it, or does with it what the habits want."""
        kinds = [WEBHOOK] * habits.copies + [IPN] * habits.ipn
        made = [self._made(notice, kind, url, habits) for kind in kinds]
        if habits.lost or habits.hold:
            for delivery in made:
                delivery.state = State.LOST if habits.lost else State.HELD
        elif reordered:
            self._swap(made)
        else:
            for delivery in made:
                self._begin(self._carry([delivery]))
        return made

    async def release(self, turned: bool) -> list[Delivery]:
        """Sends what is held, each after the one before was answered; `turned`: the last one first."""
        held = [one for one in self.deliveries if one.state == State.HELD]
        held = held[::-1] if turned else held
        await self._carry(held)
        return held

    async def settle(self, deliveries: Iterable[Delivery]) -> None:
        """Until each of them was tried once; those that are not on their way are not waited for."""
        for delivery in deliveries:
            if delivery.state == State.WAITING:
                await delivery.tried.wait()

    def _made(self, notice: Notice, kind: str, url: str, habits: Habits) -> Delivery:
        delivery = Delivery(next(self._numbers), notice, kind, notice.url(url, kind, habits), habits)
        self.deliveries.append(delivery)
        if len(self.deliveries) > KEPT:
            del self.deliveries[0]
        return delivery

    async def _carry(self, deliveries: list[Delivery]) -> None:
        """One after the other; the second tries of one are not waited for by the next."""
        for delivery in deliveries:
            delivery.state = State.WAITING
        for delivery in deliveries:
            await self._postman.first(delivery)
            self._begin(self._postman.again(delivery))

    def _swap(self, made: list[Delivery]) -> None:
        """What comes is kept back until the next came and was sent before it, or for a little while."""
        if self._kept_back:
            before, self._kept_back = self._kept_back, []
            self._begin(self._carry(made + before))
        else:
            self._kept_back = made
            self._begin(self._no_longer(made))

    async def _no_longer(self, made: list[Delivery]) -> None:
        await asyncio.sleep(REORDERED_WITHIN)
        if self._kept_back is made:
            self._kept_back = []
            await self._carry(made)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
