-- Compare and delete, and tell all who wait. KEYS[1] the lock, ARGV[1] the token. Returns 1, or 0 where it was no longer ours.
if redis.call('get', KEYS[1]) == ARGV[1] then
  redis.call('publish', 'free', KEYS[1])
  return redis.call('del', KEYS[1])
end
return 0
