-- Compare and extend. KEYS[1] the lock, ARGV[1] the token, ARGV[2] the lease in ms. Returns 1, or 0 where it is no longer ours.
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('pexpire', KEYS[1], ARGV[2])
end
return 0
