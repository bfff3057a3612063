"""The latest messages of each channel in Redis, numbered without a hole within an epoch.

An epoch names one life of the numbers: it begins anew when the keys are gone, and when the server is another one than
wrote them (restarted from an older copy, a replica that took over), since its numbers may then repeat. So nothing that
Redis loses can pass for complete.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from esteio.realtime.messages import Position
from esteio.redis.bulletin import channel_of
from esteio.redis.client import RedisClient
from esteio.redis.keys import key
from esteio.redis.script import Script

TOPIC = "realtime"
PAGE = 100
"""Messages that are read at once."""

REMEMBERED = 86_400
"""Seconds that a channel's epoch and number outlive its last message."""

KNOWN = 900
"""Seconds that a fact is known as told: a relay that could not commit tells it again within moments."""

_EPOCHS = """
local run = string.sub(string.match(redis.call('INFO', 'server'), 'run_id:(%x+)'), 1, 8)
local now = redis.call('TIME')
local function epoch_of(meta, history, which, kept)
  local epoch = redis.call('HGET', meta, 'e')
  if not epoch or string.sub(epoch, 1, 8) ~= run then
    epoch = string.format('%s.%x%05x.%x', run, now[1], now[2], which)
    redis.call('DEL', meta, history)
    redis.call('HSET', meta, 'e', epoch, 'n', 0)
  end
  redis.call('EXPIRE', meta, kept)
  return epoch
end
"""

# ARGV: where to tell, tenant, most messages, seconds of the history, of the numbers, of what was told; then for each
# fact the number of its channels, its body and their names. KEYS: for each fact its own, then two for each channel.
_TELL = Script(
    _EPOCHS
    + """
local most, kept = tonumber(ARGV[3]), ARGV[4]
local a, k, told = 7, 1, 0
while a <= #ARGV do
  local count, body = tonumber(ARGV[a]), ARGV[a + 1]
  if redis.call('SET', KEYS[k], '', 'NX', 'EX', ARGV[6]) then
    local head = {ARGV[2]}
    for i = 1, count do
      local meta, history = KEYS[k + 2 * i - 1], KEYS[k + 2 * i]
      local epoch = epoch_of(meta, history, k + i, ARGV[5])
      local number = redis.call('HINCRBY', meta, 'n', 1)
      redis.call('RPUSH', history, body)
      redis.call('LTRIM', history, -most, -1)
      redis.call('EXPIRE', history, kept)
      head[#head + 1] = string.format('%s %s %d', ARGV[a + 1 + i], epoch, number)
    end
    redis.call('PUBLISH', ARGV[1], table.concat(head, ' ') .. '\\n' .. body)
    told = told + 1
  end
  a, k = a + 2 + count, k + 1 + 2 * count
end
return told
"""
)

# KEYS: the channel's two. ARGV: the epoch and the number after which to read, how many, seconds of the numbers.
_READ = Script(
    _EPOCHS
    + """
local epoch = epoch_of(KEYS[1], KEYS[2], 0, ARGV[4])
local last = tonumber(redis.call('HGET', KEYS[1], 'n'))
local first = last + 1
local found = {}
if ARGV[1] == epoch then
  first = math.max(tonumber(ARGV[2]) + 1, last - redis.call('LLEN', KEYS[2]) + 1)
  if first <= last then
    local behind = last - first + 1
    found = redis.call('LRANGE', KEYS[2], -behind, -math.max(behind - tonumber(ARGV[3]), 0) - 1)
  end
end
return {epoch, last, first, found}
"""
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A fact with the channels that show it; `id` is what it is recognised by when it is told twice."""

    id: str
    channels: Sequence[str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """Messages of a channel from `first` on. `last` is its newest number; `matched`: the epoch is the one asked for."""

    epoch: str
    last: int
    first: int
    bodies: Sequence[bytes]
    matched: bool

    @property
    def end(self) -> Position:
        return Position(self.epoch, self.last)


class History:
    """Keeps `most` messages of each channel for `seconds` after the newest. Every call raises `RedisUnavailable`."""

    def __init__(self, redis: RedisClient, *, most: int, seconds: int) -> None:
        self._redis = redis
        self._most = most
        self._seconds = seconds

    async def tell(self, tenant: str, facts: Sequence[Shown]) -> int:
        """Append the facts in order and tell every process; one that was told before is passed over. How many were new.

        Cost: one script, a handful of commands for each channel of each fact.
        """
        keys: list[str] = []
        arguments: list[object] = [channel_of(TOPIC), tenant, self._most, self._seconds, REMEMBERED, KNOWN]
        for fact in facts:
            keys.append(key("realtime", tenant, "told", fact.id))
            for name in fact.channels:
                keys += _keys(tenant, name)
            arguments += [len(fact.channels), fact.body, *fact.channels]
        told: int = await self._redis.run(_TELL, keys, arguments)
        return told

    async def read(self, tenant: str, channel: str, after: Position) -> Page:
        """At most `PAGE` messages after the position; none where it belongs to another epoch."""
        found = await self._redis.run(_READ, _keys(tenant, channel), (after.epoch, after.sequence, PAGE, REMEMBERED))
        epoch = found[0].decode()
        return Page(epoch, found[1], found[2], found[3], epoch == after.epoch)


def _keys(tenant: str, channel: str) -> tuple[str, str]:
    return key("realtime", tenant, "channel", channel), key("realtime", tenant, "history", channel)
