"""The breaker's rules inside Redis, by the server's own time.

A party's state is one hash. `row`: failures in a row. `until`: open until then, in milliseconds; after it one probe
may pass, whose name is `probe` and whose time ends at `lease`. No key is a closed circuit without failures.
"""

from esteio.redis.script import Script

_HEAD = """
local time = redis.call('TIME'); local now = time[1] * 1000 + math.floor(time[2] / 1000)
local until_ = tonumber(redis.call('HGET', KEYS[1], 'until'))
local function probing() return ARGV[1] ~= '' and redis.call('HGET', KEYS[1], 'probe') == ARGV[1] end
"""

ENTER = Script(
    _HEAD
    + """
if not until_ then return {'closed', tonumber(redis.call('HGET', KEYS[1], 'row')) or 0} end
-- More than the whole rest is left where the server's clock was set back: then it counts as over, and so does a lease.
local left = until_ - now
if left > 0 and left <= tonumber(ARGV[5]) then return {'open', left} end
local lease = tonumber(redis.call('HGET', KEYS[1], 'lease')) or 0
if lease > now and lease - now <= tonumber(ARGV[2]) then return {'open', math.min(lease - now, tonumber(ARGV[4]))} end
redis.call('HSET', KEYS[1], 'probe', ARGV[1], 'lease', now + ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {'probe', tonumber(ARGV[2])}
"""
)
"""Arguments: the probe's name, its lease, the key's life, how long "being probed" is good, the rest. All in
milliseconds.
"""

FAIL = Script(
    _HEAD
    + """
local function open()
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'until', now + ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  return {'opened', tonumber(ARGV[3])}
end
if until_ then
  if probing() then return open() end
  return {'open', math.max(until_ - now, 0)}
end
local row = redis.call('HINCRBY', KEYS[1], 'row', 1)
if row >= tonumber(ARGV[2]) then return open() end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {'closed', row}
"""
)
"""Arguments: the probe's name or nothing, failures that open, the rest, the key's life."""

SUCCEED = Script(
    _HEAD
    + """
if until_ and not probing() then return {'open', math.max(until_ - now, 0)} end
redis.call('DEL', KEYS[1])
return {'closed', 0}
"""
)

LEAVE = Script(
    _HEAD
    + """
if probing() then redis.call('HDEL', KEYS[1], 'probe', 'lease') end
return {'left', 0}
"""
)
