-- The next fence, decimal digits; '' without one (a quorum, whose scripts have no KEYS[3], the last fence of this Redis).
--
-- The fence is the node's clock in microseconds, or one more than the last one, whichever is larger: it stays larger after a failover or a
-- restart that lost the last one. One counter serves all locks, so that nothing piles up. Below 2^53, so exact in Lua. Numbers of as many
-- digits compare as text, which costs less than to read them.
local function nextFence()
  if not KEYS[3] then
    return ''
  end
  local time = redis.call('time')
  local fence = time[1] .. string.sub('00000' .. time[2], -6)
  local last = redis.call('getset', KEYS[3], fence)
  if last and not (last < fence and #last == #fence) then
    fence = string.format('%.0f', math.max(tonumber(fence), tonumber(last) + 1))
    redis.call('set', KEYS[3], fence)
  end
  return fence
end
