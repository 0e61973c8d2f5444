-- Compare and delete, and tell the next one in line. KEYS: lock, line; ARGV: token, and the process if it wants to stand in line again.
-- Returns 1, or 0 where it was no longer ours.
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then
  return 0
end
if holder then
  redis.call('del', KEYS[1])
end
wakeNext()
if ARGV[2] then
  standInLine(ARGV[2], 'end')
end
return holder and 1 or 0
