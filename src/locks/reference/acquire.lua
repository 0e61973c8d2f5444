-- Take the lock if it is free, or if this very token has it already (an earlier attempt of the same call, whose reply was lost).
-- KEYS[1] the lock, KEYS[2] its fence; ARGV[1] the token, ARGV[2] the TTL in ms, ARGV[3] how long the fence is remembered, in ms.
-- Returns the fence as a decimal string, or nil where somebody else holds it.
--
-- The fence is the node's clock in microseconds, or one more than the last one, whichever is larger: it stays larger after a failover
-- or a restart that lost the last one, and it can be forgotten once the clock is far past it. Below 2^53, so exact in Lua.
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then
  return nil
end
local time = redis.call('time')
local fence = time[1] * 1000000 + time[2]
local last = tonumber(redis.call('get', KEYS[2]) or 0)
if fence <= last then
  fence = last + 1
end
local text = string.format('%.0f', fence)
-- The fence first: should the second write be refused, only a number was used up.
redis.call('set', KEYS[2], text, 'PX', ARGV[3])
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
return text
