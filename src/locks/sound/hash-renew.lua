-- KEYS[1] the lock; ARGV[1] the holder, ARGV[2] the new time to live in ms. Returns 1, or 0 where it is no longer the holder.
if redis.call('hexists', KEYS[1], ARGV[1]) == 1 then
  return redis.call('pexpire', KEYS[1], ARGV[2])
end
return 0
