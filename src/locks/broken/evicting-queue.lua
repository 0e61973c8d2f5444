-- Takes a place in line; the first in line holds the lock.
-- KEYS[1] the line (by the time of coming), ARGV[1] the token, ARGV[2] ms after which nobody is waited for. Returns the place, 0 = holder.
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('zremrangebyscore', KEYS[1], '-inf', now - ARGV[2])
redis.call('zadd', KEYS[1], 'NX', now, ARGV[1])
redis.call('pexpire', KEYS[1], ARGV[2])
return redis.call('zrank', KEYS[1], ARGV[1])
