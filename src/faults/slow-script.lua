-- Runs until ARGV[1] ms are over, or until it is killed; it writes nothing, so that it can be killed.
local function now()
  local time = redis.call('time')
  return time[1] * 1000 + time[2] / 1000
end
local over = now() + ARGV[1]
while now() < over do
  for _ = 1, 1000 do end
end
