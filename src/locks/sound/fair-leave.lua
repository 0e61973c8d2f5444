-- Gives the lock back, or leaves the line.
-- KEYS and ARGV[1] as in fair-ask.lua. Returns 1, or 0 where the lock was not this caller's.
redis.call('zrem', KEYS[2], ARGV[1])
redis.call('zrem', KEYS[3], ARGV[1])
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('del', KEYS[1])
end
return 0
