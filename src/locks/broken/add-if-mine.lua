-- Adds to the time that is left, if the key is ours. KEYS[1] the lock; ARGV[1] the token, ARGV[2] ms to add. Returns 1, or 0.
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('pexpire', KEYS[1], redis.call('pttl', KEYS[1]) + ARGV[2])
end
return 0
