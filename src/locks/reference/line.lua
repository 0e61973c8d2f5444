-- What the scripts share; KEYS[1] the lock, KEYS[2] its line: a list of processes, each once, that have callers waiting for it. It forgets
-- itself after five seconds: everybody who still waits comes by more often than that.
local lineMs = 5000

local function standInLine(process, where)
  if where == 'front' then
    redis.call('lrem', KEYS[2], 0, process)
    redis.call('lpush', KEYS[2], process)
  elseif not redis.call('lpos', KEYS[2], process) then
    redis.call('rpush', KEYS[2], process)
  end
  redis.call('pexpire', KEYS[2], lineMs)
end

-- Tells the first one in line, and nobody else, that it may be its turn. A process that nobody hears (it died, or its connection did)
-- is passed over, so a dead one holds nobody up. Returns whether there was somebody.
local function wakeNext()
  local process = redis.call('lpop', KEYS[2])
  while process do
    if redis.call('publish', 'picklock:turn:' .. process, KEYS[1]) > 0 then
      return true
    end
    process = redis.call('lpop', KEYS[2])
  end
  return false
end
