-- Rotates over the request heads in a file and counts every status.
-- Usage: wrk ... -s wrk.lua URL -- HEADS_FILE; each record of the file is a whole request, ended by a NUL.
local requests, count, turn = {}, 0, 0
local threads = {}
statuses = {}

function setup(thread) table.insert(threads, thread) end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  for record in file:read("*a"):gmatch("([^%z]+)%z") do
    count = count + 1
    requests[count] = record
  end
  file:close()
end

function request()
  turn = turn % count + 1
  return requests[turn]
end

function response(status)
  statuses[status] = (statuses[status] or 0) + 1
end

function done(summary, latency)
  local seen = {}
  for _, thread in ipairs(threads) do
    for status, times in pairs(thread:get("statuses")) do
      seen[status] = (seen[status] or 0) + times
    end
  end
  local parts = {}
  for status, times in pairs(seen) do table.insert(parts, string.format('"%s": %d', status, times)) end
  local e = summary.errors
  io.write(string.format(
    'RESULT {"statuses": {%s}, "broken": %d, "seconds": %f, "bytes": %d, "p50": %f, "p99": %f}\n',
    table.concat(parts, ", "), e.connect + e.read + e.write + e.timeout, summary.duration / 1e6, summary.bytes,
    latency:percentile(50) / 1e6, latency:percentile(99) / 1e6))
end
