-- KEYS[1] the lock, ARGV[1] the token. Returns 1, or 0 where it was no longer ours.
if redis.call('get', KEYS[1]) == ARGV[1] then
  redis.call('set', KEYS[1], 'free')
  return 1
end
return 0
