-- Release and acquire in one: the lock goes from one token to the next one of the same process, with a fence and a TTL of its own.
-- KEYS: lock, line, fence; ARGV: token, next token, its TTL in ms, process, whether others in line go first (1 or 0).
-- Returns { released, fence } or { released, { what is left of the holder's TTL in ms } }; 0 ms: it is free, and somebody else's turn.
local holder = redis.call('get', KEYS[1])
local released = holder == ARGV[1] and 1 or 0
if holder and released == 0 and holder ~= ARGV[2] then
  standInLine(ARGV[4], 'end')
  return { 0, { redis.call('pttl', KEYS[1]) } }
end
if ARGV[5] == '1' then
  redis.call('lrem', KEYS[2], 0, ARGV[4])
  if wakeNext() then
    redis.call('del', KEYS[1])
    standInLine(ARGV[4], 'end')
    return { released, { 0 } }
  end
end
-- Before the lock: should Redis refuse to write, only a number was used up.
local fence = nextFence()
redis.call('psetex', KEYS[1], ARGV[3], ARGV[2])
return { released, fence }
