"""A notification on its way to one receiver."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from esteio.standins.mercadopago.habits import Habits
from esteio.standins.mercadopago.moments import Clock, shown
from esteio.standins.mercadopago.notices import IPN, Notice, headers, view
from esteio.standins.mercadopago.post import post

TAKEN = {200, 201}
MINUTE, HOUR = 60.0, 3600.0
SCHEDULE = (0.0, 15 * MINUTE, 30 * MINUTE, 6 * HOUR, 48 * HOUR, 96 * HOUR, 96 * HOUR, 96 * HOUR)
"""Seconds before each try, the first one included, as Mercado Pago's guide draws them."""

PATIENCE = 22.0
AGENT = "restclient-node/4.15.3"


class State(StrEnum):
    """What became of it."""

    HELD = "held"
    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    LOST = "lost"


@dataclass
class Delivery:
    """One notification, its address, and what its tries met."""

    number: int
    notice: Notice
    kind: str
    url: str
    habits: Habits
    state: State = State.WAITING
    tries: list[dict[str, Any]] = field(default_factory=list)
    signed: dict[str, str] = field(default_factory=dict)
    tried: asyncio.Event = field(default_factory=asyncio.Event)

    def view(self) -> dict[str, Any]:
        return {"id": self.number, "url": self.url, "state": self.state, "tries": self.tries} | view(
            self.notice, self.kind
        )


class Postman:
    """Carries deliveries, so many at once."""

    def __init__(self, secret: str, clock: Clock, schedule: Sequence[float], patience: float, most: int = 50) -> None:
        self._secret = secret
        self._clock = clock
        self._schedule = tuple(schedule)
        self._patience = patience
        self._places = asyncio.Semaphore(most)

    async def first(self, delivery: Delivery) -> None:
        """The first try."""
        await self._try(delivery)

    async def again(self, delivery: Delivery) -> None:
        """The tries after it, until one is taken."""
        while delivery.state == State.WAITING:
            await self._try(delivery)

    async def _try(self, delivery: Delivery) -> None:
        await asyncio.sleep(self._schedule[len(delivery.tries)])
        async with self._places:
            met = await self._met(delivery)
        delivery.tries.append(met)
        delivery.tried.set()
        if met.get("status") in TAKEN:
            delivery.state = State.DELIVERED
        elif len(delivery.tries) >= len(self._schedule):
            delivery.state = State.GIVEN_UP

    async def _met(self, delivery: Delivery) -> dict[str, Any]:
        now = self._clock.now()
        sent = self._headers(delivery, now)
        met: dict[str, Any] = {"at": shown(now), "headers": sent}
        try:
            body = delivery.notice.body(delivery.kind)
            return met | {"status": await post(delivery.url, sent, body, self._patience)}
        except (OSError, ValueError) as error:
            return met | {"status": None, "error": f"{type(error).__name__}: {error}"}

    def _headers(self, delivery: Delivery, now: datetime) -> dict[str, str]:
        common = {
            "User-Agent": AGENT,
            "X-Retry": str(len(delivery.tries)),
            "X-Socket-Timeout": str(int(self._patience * 1000)),
        }
        if delivery.kind == IPN:
            return common
        if not delivery.signed or delivery.habits.sign_again:
            delivery.signed = headers(delivery.notice, self._secret, delivery.habits, now)
        return common | delivery.signed
