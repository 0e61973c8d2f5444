-- A quorum node's vote: take the lock if it is free, or if this very token has it already.
-- KEYS[1] the lock; ARGV[1] the token, ARGV[2] the TTL in ms. Returns 1, or 0 where somebody else holds it.
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then
  return 0
end
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
