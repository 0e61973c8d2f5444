-- The next fence, a number; 0 without one (a quorum, whose scripts have no KEYS[3], the last fence of this Redis).
--
-- The fence is the node's clock in microseconds, or one more than the last one, whichever is larger: it stays larger after a failover or a
-- restart that lost the last one. One counter serves all locks, so that nothing piles up. Below 2^53, so exact in Lua.
local function nextFence()
  if not KEYS[3] then
    return 0
  end
  local time = redis.call('time')
  local fence = time[1] * 1000000 + time[2]
  local last = tonumber(redis.call('getset', KEYS[3], fence) or 0)
  if last >= fence then
    fence = last + 1
    redis.call('set', KEYS[3], fence)
  end
  return fence
end
