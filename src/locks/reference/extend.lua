-- Compare and PEXPIRE, which Redis allows even when it is out of memory. KEYS[1] the lock; ARGV[1] the token, ARGV[2] the TTL in ms.
-- Returns 1, or 0 where it was no longer ours: a lease that was lost is never brought back.
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('pexpire', KEYS[1], ARGV[2])
end
return 0
