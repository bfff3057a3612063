"""How many processes share the limits: each shows itself every four seconds."""

from collections import deque
from uuid import uuid4

from esteio.redis.client import RedisClient
from esteio.redis.keys import SYSTEM, key
from esteio.redis.script import Script

BEAT = 4.0
SILENT = 12
REMEMBERED = 3

TEXT = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('EXPIRE', KEYS[1], 60)
return redis.call('ZCARD', KEYS[1])
"""


class Census:
    """The processes seen in the last twelve seconds, by the server's clock.

    `processes` is the largest of the last three counts, so that a Redis that came back empty does not make every
    process believe for a moment that it is alone. `name` is this process's, for as long as it lives.
    """

    def __init__(self, client: RedisClient) -> None:
        self._client = client
        self._key = key("limit-processes", SYSTEM)
        self.name = uuid4().hex
        self._script = Script(TEXT.strip())
        self._counts: deque[int] = deque([1], maxlen=REMEMBERED)

    @property
    def processes(self) -> int:
        """At least 1."""
        return max(self._counts)

    async def show(self) -> None:
        """Be counted and count; `RedisUnavailable` leaves the last count standing."""
        count = await self._client.run(self._script, [self._key], [self.name, SILENT])
        self._counts.append(int(count))

    async def members(self) -> list[str]:
        """The names of those that were seen lately, in order. Raises `RedisUnavailable`."""
        return sorted(name.decode() for name in await self._client.execute("ZRANGE", self._key, 0, -1))

    async def leave(self) -> None:
        """Be counted no more."""
        await self._client.execute("ZREM", self._key, self.name)
