-- Takes the lock if it is free. pcall, so that the script does not end half-way.
-- KEYS[1] the lock, ARGV[1] the token, ARGV[2] the time to live in ms. Returns 1, or 0 where it is taken.
if redis.call('exists', KEYS[1]) == 1 then
  return 0
end
redis.pcall('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
