-- Takes the lock if it is free, or if this very token has it already (an earlier try of the same call, whose reply was lost).
-- KEYS: lock, line, fence; ARGV: token, TTL in ms, process, its place in line ('none', 'end', 'front').
-- Returns the fence, or { what is left of the holder's TTL in ms }.
if redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then
  return nextFence()
end
if redis.call('get', KEYS[1]) == ARGV[1] then
  redis.call('pexpire', KEYS[1], ARGV[2])
  return nextFence()
end
if ARGV[4] ~= 'none' then
  standInLine(ARGV[3], ARGV[4])
end
return { redis.call('pttl', KEYS[1]) }
