-- KEYS[1] the lock, KEYS[2] its queue; ARGV[1] our token, ARGV[2] the lease in ms. Returns 1 where the lock is ours, else 0, and we stand in line.
local holder = redis.call('get', KEYS[1])
if holder == ARGV[1] then
  return 1
end
if not holder then
  redis.call('lrem', KEYS[2], 0, ARGV[1])
  redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return 1
end
if not redis.call('lpos', KEYS[2], ARGV[1]) then
  redis.call('rpush', KEYS[2], ARGV[1])
end
redis.call('pexpire', KEYS[2], ARGV[2] * 4)
return 0
