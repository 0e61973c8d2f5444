-- Makes the token the holder and returns its fence, a decimal string; KEYS[3] the last fence of this Redis, '' without one (a quorum).
--
-- The fence is the node's clock in microseconds, or one more than the last one, whichever is larger: it stays larger after a failover or a
-- restart that lost the last one. One counter serves all locks, so that nothing piles up. Below 2^53, so exact in Lua.
local function grant(token, ttlMs)
  local fence = ''
  if KEYS[3] then
    local time = redis.call('time')
    local number = time[1] * 1000000 + time[2]
    local last = tonumber(redis.call('get', KEYS[3]) or 0)
    if number <= last then
      number = last + 1
    end
    fence = string.format('%.0f', number)
    -- Before the lock: should the second write be refused, only a number was used up.
    redis.call('incrby', KEYS[3], string.format('%.0f', number - last))
  end
  redis.call('psetex', KEYS[1], ttlMs, token)
  return fence
end
