-- KEYS[1] the lock, ARGV[1] the token, ARGV[2] ms to live. Returns 1 where nobody held it: the key is gone or says `free`.
local value = redis.call('get', KEYS[1])
if value and value ~= 'free' then
  return 0
end
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
