-- Takes the lock if it is free, and counts. Both keys have the lock's name in braces.
-- KEYS[1] the lock, KEYS[2] the counter, ARGV[1] the token, ARGV[2] the time to live in ms. Returns the fence, or 0.
if redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then
  return redis.call('incr', KEYS[2])
end
return 0
