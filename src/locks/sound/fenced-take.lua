-- Takes the key and its next fence in one step.
-- KEYS[1] the lock, KEYS[2] its counter; ARGV[1] the token, ARGV[2] the time to live in ms. Returns the fence, or nil where the key is taken.
if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return redis.call('incr', KEYS[2])
end
return nil
