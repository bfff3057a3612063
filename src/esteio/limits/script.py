"""The part of the limiter that runs inside Redis: pins units of quota to buckets of the server's own time.

The invariant it keeps, for every key and every bucket j: what is pinned to the buckets j-BUCKETS … j together never
exceeds the quota. A unit is used only while its bucket lasts, so every interval of a window's length, which touches
at most BUCKETS + 1 buckets, sees at most the quota.
"""

from esteio.limits.policy import BUCKETS
from esteio.redis.script import Script

HORIZON = 4
"""How many buckets after the present one a process may hold units of in advance."""

STRIDE_IN = 11
STRIDE_OUT = 6 + HORIZON

NOW = "local time = redis.call('TIME'); local now = time[1] * 1000000 + time[2]"

TEXT = """
local B, H, IN = {buckets}, {horizon}, {stride}
{now}

-- Counts by bucket, relative to the present one: -B .. H. After the server's clock was set back, counts of buckets
-- beyond the horizon are kept in the last one, where they go on being counted for at least a window.
local function load(key, bucket)
  local pinned, epoch, moved = {{}}, now, false
  for i = -B, H do pinned[i] = 0 end
  local stored = redis.call('GET', key)
  if stored then
    local row = cmsgpack.unpack(stored)
    epoch = row[1]
    for i = 3, #row do
      local at = row[2] + i - 3 - bucket
      if at > H and row[i] > 0 then at, moved = H, true end
      if at >= -B and at <= H then pinned[at] = pinned[at] + row[i] end
    end
  end
  return pinned, epoch, moved
end

local function save(key, bucket, bucket_us, pinned, epoch)
  local row = {{epoch, bucket - B}}
  for i = -B, H do row[i + B + 3] = pinned[i] end
  redis.call('SET', key, cmsgpack.pack(row), 'PX', math.ceil(bucket_us * (B + H + 2) / 1000))
end

local function sums(pinned)
  local sum, total = {{[-B - 1] = 0}}, 0
  for i = -B, H do total = total + pinned[i]; sum[i] = total end
  return sum
end

-- What could still be pinned to bucket f: the quota less the fullest of the windows that hold f.
local function room(quota, sum, f)
  local fullest = 0
  for j = f, math.max(f, H) do
    local used = sum[math.min(j, H)] - sum[math.max(j - B - 1, -B - 1)]
    if used > fullest then fullest = used end
  end
  return quota - fullest
end

local function opens(quota, sum, units)
  for f = 1, H + B do
    if room(quota, sum, f) >= units then return f end
  end
  return H + B + 1
end

-- Units that a process was granted and did not use come off the bucket they were pinned to. They count only against
-- the counts they were granted from: after a loss of the data the epoch is another.
local function take_back(pinned, bucket, returns)
  for at, units in string.gmatch(returns, '(%d+)=(%d+)') do
    local i = at - bucket
    if pinned[i] then pinned[i] = math.max(0, pinned[i] - units) end
  end
end

local function whole(units, cost) return units - units % cost end

local asks, blocked = {{}}, false
for k = 1, #KEYS do
  local a, o = {{}}, (k - 1) * IN
  a.quota, a.bucket_us, a.cost = tonumber(ARGV[o + 1]), tonumber(ARGV[o + 2]), tonumber(ARGV[o + 3])
  a.need, a.want, a.ahead = tonumber(ARGV[o + 4]), tonumber(ARGV[o + 5]), tonumber(ARGV[o + 6])
  a.divisor, a.steady = tonumber(ARGV[o + 7]), tonumber(ARGV[o + 8])
  a.bucket = math.floor(now / a.bucket_us)
  a.pinned, a.epoch, a.changed = load(KEYS[k], a.bucket)
  if ARGV[o + 11] ~= '' and tonumber(ARGV[o + 10]) == a.epoch then
    take_back(a.pinned, a.bucket, ARGV[o + 11])
    a.changed = true
  end
  a.sum = sums(a.pinned)
  a.room = room(a.quota, a.sum, 0)
  a.lacks = a.room < a.cost
  if a.lacks and ARGV[o + 9] == '1' then blocked = true end
  asks[k] = a
end

local answer = {{now}}
for k = 1, #KEYS do
  local a, granted, ahead = asks[k], 0, {{}}
  local function share(free) return math.max(math.floor(free / a.divisor), a.steady) end
  if not blocked and not a.lacks and a.need > 0 then
    granted = math.max(a.cost, whole(math.min(a.room, math.max(a.need, math.min(a.want, share(a.room)))), a.cost))
    a.pinned[0] = a.pinned[0] + granted
    a.sum = sums(a.pinned)
    for f = 1, H do
      if a.ahead == 0 then break end
      local free = room(a.quota, a.sum, f)
      ahead[f] = whole(math.max(0, math.min(free, a.ahead, share(free))), a.cost)
      if ahead[f] > 0 then
        a.pinned[f] = a.pinned[f] + ahead[f]
        a.sum = sums(a.pinned)
      end
    end
    a.changed = true
  end
  if a.changed then save(KEYS[k], a.bucket, a.bucket_us, a.pinned, a.epoch) end
  local free = math.max(0, room(a.quota, a.sum, 0))
  answer[#answer + 1] = a.epoch
  answer[#answer + 1] = a.bucket
  answer[#answer + 1] = granted
  answer[#answer + 1] = free
  answer[#answer + 1] = opens(a.quota, a.sum, free + 1)
  answer[#answer + 1] = free < a.cost and opens(a.quota, a.sum, a.cost) or 0
  for f = 1, H do answer[#answer + 1] = ahead[f] or 0 end
end
return answer
"""


def lease_script(now: str = NOW) -> Script:
    """The script; `now` is the Lua that sets the local `now`, microseconds of the server's clock."""
    return Script(TEXT.format(buckets=BUCKETS, horizon=HORIZON, stride=STRIDE_IN, now=now).strip())
