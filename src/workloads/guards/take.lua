-- Sells from a shelf: all of it or nothing, once for everybody.
-- KEYS[1] what is left, KEYS[2] who has taken. ARGV[1] units, ARGV[2] by whom. Returns missing, repeated, refused or done.
local left = redis.call('get', KEYS[1])
if not left then
  return 'missing'
end
if redis.call('sismember', KEYS[2], ARGV[2]) == 1 then
  return 'repeated'
end
if tonumber(left) < tonumber(ARGV[1]) then
  return 'refused'
end
redis.call('decrby', KEYS[1], ARGV[1])
redis.call('sadd', KEYS[2], ARGV[2])
return 'done'
