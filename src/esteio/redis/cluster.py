"""A Cluster: which of its primaries has a key, and how that is found out again after it has changed.

The library's own client of Clusters sends a command again when a connection broke, and waits between; here a command is
sent at most once, and a caller waits for its deadline alone. A server that answers with a redirection has done nothing.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from redis.crc import key_slot
from redis.exceptions import AskError, MovedError, RedisError, ResponseError
from redis.exceptions import ConnectionError as NotFound

from esteio.redis.addresses import Address
from esteio.redis.lines import Command, FoundLine, Line, Lines, Place

REDIRECTIONS = 3
_SLOTS = 16384
_SCRIPTS = frozenset({"EVAL", "EVALSHA"})
_KEYLESS = frozenset({"CLUSTER", "INFO", "PING", "PUBLISH", "ROLE", "TIME"})


class Cluster:
    """All commands that are asked together have keys of one hash tag, which is what `keys.key` sees to."""

    def __init__(self, address: Address, *, most: int, patience: float) -> None:
        self._address = address
        self._most = most
        self._patience = patience
        self._nodes: dict[Place, Lines] = {}
        self._owners: list[Place | None] = [None] * _SLOTS
        self._mapping = asyncio.Lock()
        self._mapped = False

    async def ask(self, command: Command) -> Any:
        """The answer to one command, of the primary that has its key."""
        place = await self._owner(_slot_of(command))
        try:
            return await self._at(place).ask(command)
        except AskError as elsewhere:
            return await self._follow(elsewhere, place, command)

    async def ask_all(self, commands: Sequence[Command]) -> list[Any]:
        """The answers to several commands on keys of one hash tag, in one round trip."""
        place = await self._owner(_slot_of(commands[0]))
        answers = await self._at(place).ask_all(commands)
        for position, answer in enumerate(answers):
            if isinstance(answer, AskError):
                try:
                    answers[position] = await self._follow(answer, place, commands[position])
                except ResponseError as error:
                    answers[position] = error
        return answers

    def new(self) -> Line:
        """A line to any primary: what is published reaches all of them."""
        return FoundLine(self._address.connect(self._patience, ("", 0)), self._any)

    async def hang_up(self) -> None:
        """Drop every idle line, and what was known of the Cluster."""
        nodes, self._nodes, self._mapped = self._nodes, {}, False
        for lines in nodes.values():
            await lines.hang_up()

    async def probe(self) -> None:
        """Whether the Cluster is whole: it says so itself, and each of its primaries answers."""
        await self._map()
        for place in self._primaries():
            state = await self._at(place).ask(("CLUSTER", "INFO"))
            if b"cluster_state:ok" not in state:
                raise NotFound(f"the cluster is not whole, says {place[0]}:{place[1]}")

    async def _follow(self, elsewhere: AskError, place: Place, command: Command) -> Any:
        """Ask where a server has sent us: for good (MOVED), or this once, while a key is on its way (ASK)."""
        for _ in range(REDIRECTIONS):
            place = (elsewhere.host or place[0], int(elsewhere.port))
            try:
                if not isinstance(elsewhere, MovedError):
                    return await self._asking(place, command)
                self._owners[elsewhere.slot_id] = place
                self._mapped = False  # where one slot moved, others most likely did
                return await self._at(place).ask(command)
            except AskError as again:
                elsewhere = again
        raise NotFound("the cluster redirects in circles")

    async def _asking(self, place: Place, command: Command) -> Any:
        _, answer = await self._at(place).ask_all([("ASKING",), command])
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _owner(self, slot: int | None) -> Place:
        if not self._mapped:
            await self._map()
        owner = self._owners[slot] if slot is not None else None
        if owner is not None:
            return owner
        if slot is not None:
            raise NotFound(f"nobody has slot {slot}")
        return random.choice(self._primaries())  # noqa: S311 - any will do

    async def _any(self) -> Place:
        return await self._owner(None)

    def _primaries(self) -> list[Place]:
        return list(dict.fromkeys(place for place in self._owners if place is not None))

    def _at(self, place: Place) -> Lines:
        lines = self._nodes.get(place)
        if lines is None:
            lines = self._nodes[place] = Lines(
                lambda: Line(self._address.connect(self._patience, place)), most=self._most
            )
        return lines

    async def _map(self) -> None:
        """Ask who has which keys: those that were known last, and those of the address. Raises `ConnectionError`."""
        async with self._mapping:
            if self._mapped:
                return
            known = self._primaries()
            random.shuffle(known)
            for place in dict.fromkeys((*known, *self._address.places)):
                with suppress(RedisError, OSError):
                    async with asyncio.timeout(self._patience / 2):
                        self._learn(place, await self._at(place).ask(("CLUSTER", "SLOTS")))
                        return
        raise NotFound("no node of the cluster answers")

    def _learn(self, told: Place, ranges: list[Any]) -> None:
        owners: list[Place | None] = [None] * _SLOTS
        for first, last, primary, *_ in ranges:
            host = primary[0].decode() if primary[0] else told[0]
            owners[first : last + 1] = [(host, primary[1])] * (last + 1 - first)
        self._owners, self._mapped = owners, True


def _slot_of(command: Command) -> int | None:
    """The hash slot of a command's first key; none for one without keys."""
    name = str(command[0]).upper()
    if name in _KEYLESS:
        return None
    key = command[3] if name in _SCRIPTS else command[1]
    return int(key_slot(key if isinstance(key, bytes) else str(key).encode()))
