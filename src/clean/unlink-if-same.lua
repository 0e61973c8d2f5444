-- Removes a lock only if it is still the one that was looked at: of the same value, and not renewed since. In one step, so that nobody takes or
-- renews it in between.
-- KEYS[1] the lock. ARGV[1] sha1 of its value's DUMP, ARGV[2] its PTTL then, ARGV[3] ms that have passed since at least.
-- Answers 1 removed, 0 gone, -1 another value, -2 renewed.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
if redis.sha1hex(redis.call('DUMP', KEYS[1])) ~= ARGV[1] then
  return -1
end
local now, before, passed = redis.call('PTTL', KEYS[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local hasNone = before == -1 or now == -1
if (hasNone and before ~= now) or (not hasNone and now > before - passed) then
  return -2
end
redis.call('UNLINK', KEYS[1])
return 1
