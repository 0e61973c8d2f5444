-- Takes the lock if it is free and nobody who still waits has come before; else stands in line.
-- KEYS[1] the lock, KEYS[2] the line (a sorted set: token, when it came in us, later than all before), KEYS[3] who waits until when (a sorted set: token, ms).
-- ARGV[1] the token, ARGV[2] the time to live in ms, ARGV[3] how long this caller stands in line without asking again, in ms.
-- Returns 1, or where it stands in line how many stand before it, negated.
local now = redis.call('time')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
for _, gone in ipairs(redis.call('zrangebyscore', KEYS[3], '-inf', now_ms)) do
  redis.call('zrem', KEYS[2], gone)
  redis.call('zrem', KEYS[3], gone)
end
local head = redis.call('zrange', KEYS[2], 0, 0)[1]
-- Of whom nobody knows any more until when they wait (an eviction, a flush of one key).
while head and not redis.call('zscore', KEYS[3], head) do
  redis.call('zrem', KEYS[2], head)
  head = redis.call('zrange', KEYS[2], 0, 0)[1]
end
if redis.call('exists', KEYS[1]) == 0 and (not head or head == ARGV[1]) then
  redis.call('zrem', KEYS[2], ARGV[1])
  redis.call('zrem', KEYS[3], ARGV[1])
  redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return 1
end
if not redis.call('zscore', KEYS[2], ARGV[1]) then
  local last = redis.call('zrange', KEYS[2], -1, -1, 'withscores')[2]
  redis.call('zadd', KEYS[2], math.max(now[1] * 1e6 + now[2], (last or 0) + 1), ARGV[1])
end
redis.call('zadd', KEYS[3], now_ms + ARGV[3], ARGV[1])
-- A line in which nobody stands any more leaves nothing behind; its time is prolonged seldom, since each time is an event.
if math.min(redis.call('pttl', KEYS[2]), redis.call('pttl', KEYS[3])) < ARGV[3] + 0 then
  redis.call('pexpire', KEYS[2], 2 * ARGV[3])
  redis.call('pexpire', KEYS[3], 2 * ARGV[3])
end
return -redis.call('zrank', KEYS[2], ARGV[1])
