-- KEYS[1] the number of free permits (one at first), KEYS[2] our mark; ARGV[1] how long the mark stays, ms. Returns 1 where we have a permit.
if redis.call('exists', KEYS[2]) == 1 then
  return 1
end
local free = tonumber(redis.call('get', KEYS[1]) or '1')
if free < 1 then
  return 0
end
redis.call('set', KEYS[1], free - 1)
redis.call('set', KEYS[2], '1', 'PX', ARGV[1])
return 1
