-- Compare and delete, and tell those who wait.
-- KEYS[1] the lock; ARGV[1] the token, ARGV[2] the channel. Returns 1, or 0 where it was no longer ours.
if redis.call('get', KEYS[1]) == ARGV[1] then
  redis.call('del', KEYS[1])
  redis.call('publish', ARGV[2], '1')
  return 1
end
return 0
