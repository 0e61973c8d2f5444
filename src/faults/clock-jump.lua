-- Every lease of this node ends by ARGV[1] ms earlier, at the earliest in 1 ms, as if the clock had been set forward.
-- Returns how many there were, and of the first its name, the ms that it had left, and the ms that it has now.
redis.replicate_commands()
local cursor = '0'
local hit = { 0 }
repeat
  local page = redis.call('scan', cursor, 'count', 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    local left = redis.call('pttl', key)
    if left > 0 and string.sub(key, 1, #ARGV[2]) ~= ARGV[2] then
      local now = math.max(1, left - tonumber(ARGV[1]))
      redis.call('pexpire', key, now)
      if hit[1] == 0 then
        hit = { 0, key, left, now }
      end
      hit[1] = hit[1] + 1
    end
  end
until cursor == '0'
return hit
