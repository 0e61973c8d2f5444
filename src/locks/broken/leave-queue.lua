-- KEYS[1] the lock, KEYS[2] its queue; ARGV[1] our token. Leaves the line. Returns 1 where the lock has become ours meanwhile.
redis.call('lrem', KEYS[2], 0, ARGV[1])
if redis.call('get', KEYS[1]) == ARGV[1] then
  return 1
end
return 0
