-- Fills memory with keys that live on this node and in its memory only: neither its append-only file nor a replica gets them.
-- ARGV[1] the names' start, [2] the first number, [3] how many, [4] bytes of each, [5] ms to live (0: for ever).
redis.replicate_commands()
redis.set_repl(redis.REPL_NONE)
local value = string.rep('x', tonumber(ARGV[4]))
for i = tonumber(ARGV[2]), tonumber(ARGV[2]) + tonumber(ARGV[3]) - 1 do
  if ARGV[5] == '0' then
    redis.call('set', ARGV[1] .. i, value)
  else
    redis.call('set', ARGV[1] .. i, value, 'PX', ARGV[5])
  end
end
return 1
