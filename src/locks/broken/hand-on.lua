-- KEYS[1] the lock, KEYS[2] its queue; ARGV[1] our token. Hands the rest of the lease to the next in line and tells him on the channel that his
-- token begins with. Returns 1, or 0 where it was no longer ours.
if redis.call('get', KEYS[1]) ~= ARGV[1] then
  return 0
end
local next = redis.call('lpop', KEYS[2])
if not next or redis.call('pttl', KEYS[1]) < 500 then
  redis.call('del', KEYS[1])
  return 1
end
redis.call('set', KEYS[1], next, 'KEEPTTL')
redis.call('publish', string.match(next, '^(%S+)'), next)
return 1
