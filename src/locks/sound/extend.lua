-- Compare and prolong: only the holder of this token, and only while it holds.
-- KEYS[1] the lock, ARGV[1] the token, ARGV[2] the new time to live in ms. Returns 1, or 0 where it was no longer ours.
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('pexpire', KEYS[1], ARGV[2])
end
return 0
