-- Puts on a shelf what the ledger says, unless somebody has touched it meanwhile.
-- KEYS[1] what is left, KEYS[2] who has taken. ARGV[1] what was seen there ('' for nothing), ARGV[2] what is to be there, ARGV[3 ..] who has taken.
-- Returns 1, or 0 where it was touched.
if (redis.call('get', KEYS[1]) or '') ~= ARGV[1] then
  return 0
end
redis.call('set', KEYS[1], ARGV[2])
redis.call('del', KEYS[2])
for first = 3, #ARGV, 1000 do
  redis.call('sadd', KEYS[2], unpack(ARGV, first, math.min(first + 999, #ARGV)))
end
return 1
