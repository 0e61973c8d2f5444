-- KEYS[1] the hash of all locks, ARGV[1] the lock, ARGV[2] the token. Returns 1, or 0 where it was no longer ours.
if redis.call('hget', KEYS[1], ARGV[1]) == ARGV[2] then
  return redis.call('hdel', KEYS[1], ARGV[1])
end
return 0
