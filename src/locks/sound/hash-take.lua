-- A hash with one field: the holder, and how often it holds (always once here, as no caller asks twice).
-- KEYS[1] the lock; ARGV[1] the holder, ARGV[2] the time to live in ms. Returns 1, or nil where somebody else holds it.
if redis.call('exists', KEYS[1]) == 1 then
  return nil
end
redis.call('hset', KEYS[1], ARGV[1], 1)
redis.call('pexpire', KEYS[1], ARGV[2])
return 1
