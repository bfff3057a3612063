"""One breaker per party for all processes, which costs nothing while the party is well."""

from collections.abc import Sequence
from math import inf
from typing import Any
from uuid import uuid4

from redis.exceptions import RedisError

from esteio.base.clock import Clock
from esteio.redis.client import RedisClient
from esteio.redis.errors import RedisUnavailable
from esteio.redis.keys import SYSTEM, key
from esteio.redis.script import Script
from esteio.telemetry.logs import log
from esteio.upstream.background import Background
from esteio.upstream.breaker_scripts import ENTER, FAIL, LEAVE, SUCCEED
from esteio.upstream.circuit import AGAIN, Circuit, Pass, Resting
from esteio.upstream.metrics import breaker_open, breaker_openings

LOOK = 1.0
"""Seconds for which a process goes by what Redis said last. News of its own count at once."""

LIFE = 600.0
"""Seconds after which a party that nobody has called is forgotten, or ten times its rest if that is longer."""

FAREWELL = 1.0


class Breaker:
    """Opens after `failures` tries in a row over all processes; after `rest` seconds one probe over all processes.

    A process asks Redis at most once in `LOOK` seconds, tells it of every failure, and of a success where failures are
    known: so another process may go on for up to a second after the breaker has opened or closed. Without Redis each
    process goes by the same rules for itself.
    """

    def __init__(
        self, party: str, failures: int, rest: float, *, lease: float, redis: RedisClient, clock: Clock
    ) -> None:
        self._party = party
        self._redis = redis
        self._now = clock.monotonic
        self._circuit = Circuit(failures, rest, lease)
        self._key = key("upstream", SYSTEM, "breaker", party)
        self._rest = rest
        self._asked = -inf
        self._row_there = 0
        self._background = Background()
        life = _milliseconds(max(LIFE, 10 * rest))
        self._enter = (_milliseconds(lease), life, _milliseconds(AGAIN), _milliseconds(rest))
        self._fail = (failures, _milliseconds(rest), life)

    @property
    def rests(self) -> float:
        """Seconds for which nothing is sent as far as this process knows; 0 while the circuit is closed."""
        until = self._circuit.until
        return 0.0 if until is None else max(0.0, until - self._now())

    async def enter(self) -> Pass:
        """Leave to send one try. Raises `Resting`."""
        name, now = uuid4().hex, self._now()
        if self._knows(now):
            return self._circuit.enter(now, name)
        # Those who come meanwhile go by what was known before.
        self._asked = now
        answer = await self._ask(ENTER, name, *self._enter)
        if answer is None:
            return self._circuit.enter(self._now(), name)
        return self._learn(answer, name)

    def fail(self, leave: Pass) -> None:
        """The try has failed."""
        opened = self._circuit.fail(self._now(), leave)
        if opened:
            self._turned()
        self._background.start(self._tell_failure(leave, opened))

    def succeed(self, leave: Pass) -> None:
        """The try has brought an answer."""
        news = bool(leave.probe) or self._circuit.row > 0 or self._row_there > 0
        if self._circuit.succeed(leave):
            self._turned()
            log("esteio.upstream").info("upstream.closed", party=self._party)
        if news:
            self._row_there = 0
            self._background.start(self._tell(SUCCEED, leave))

    def leave(self, leave: Pass) -> None:
        """The try has ended without telling anything of the party: its caller has gone."""
        if leave.probe:
            self._circuit.leave(self._now(), leave)
            self._background.start(self._tell(LEAVE, leave))

    async def close(self) -> None:
        """Wait for what is still to be told."""
        await self._background.close(FAREWELL)

    def _knows(self, now: float) -> bool:
        until = self._circuit.until
        return now - self._asked < LOOK and (until is None or now < until)

    def _learn(self, answer: Sequence[Any], name: str) -> Pass:
        state, number = answer[0], int(answer[1])
        if state == b"closed":
            self._hear_of_row(number)
            if not self._circuit.closed:
                self._circuit.close()
                self._show()
            return Pass()
        now, seconds = self._now(), number / 1000
        if state == b"probe":
            self._circuit.lend(now, name, seconds)
            return Pass(name)
        self._circuit.hold(now + seconds)
        self._show()
        raise Resting(seconds)

    async def _tell_failure(self, leave: Pass, opened: bool) -> None:
        answer = await self._ask(FAIL, leave.probe, *self._fail)
        if answer is None:
            if opened:
                self._report_opening()
            return
        state, number = answer[0], int(answer[1])
        if state == b"closed":
            self._hear_of_row(number)
        elif self._circuit.closed:
            self._circuit.open(self._now() + number / 1000)
            self._turned()
        if state == b"opened":
            self._report_opening()

    def _report_opening(self) -> None:
        """Once for each opening over all processes; without Redis, once in each process."""
        breaker_openings().labels(self._party).inc()
        log("esteio.upstream").warning("upstream.opened", party=self._party, seconds=self._rest)

    def _hear_of_row(self, number: int) -> None:
        """Failures in a row over all processes: where another process succeeded they are fewer than here."""
        self._row_there = number
        self._circuit.row = min(self._circuit.row, number)

    async def _tell(self, script: Script, leave: Pass) -> None:
        await self._ask(script, leave.probe)

    async def _ask(self, script: Script, *arguments: Any) -> Any:
        try:
            return await self._redis.run(script, [self._key], arguments)
        except (RedisUnavailable, RedisError):
            return None

    def _turned(self) -> None:
        """What was seen here is newer than what Redis can say before it has been told."""
        self._asked = self._now()
        self._show()

    def _show(self) -> None:
        breaker_open().labels(self._party).set(0 if self._circuit.closed else 1)


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
