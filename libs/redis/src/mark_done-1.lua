-- Marks ids as done: one call, however many. (A pipeline of SETs costs the client ten times the CPU and more.)
--
-- KEYS[1]  what the key of each id begins with; the id's 16 bytes follow
-- ARGV[1]  the ids, 16 bytes each
-- ARGV[2]  seconds until the marks are forgotten
--
-- The keys are made here of KEYS[1], so a prefix with a hash tag keeps them in KEYS[1]'s slot. The value says nothing:
-- a small number is shared by all keys and takes no memory.
--
-- Returns the number of keys set. With `noeviction` and no memory left it fails with OOM; the marks set
-- until then stay and are right.
local prefix, ids, ttl = KEYS[1], ARGV[1], ARGV[2]
local call, sub = redis.call, string.sub
for i = 1, #ids, 16 do
  call('SET', prefix .. sub(ids, i, i + 15), '1', 'EX', ttl)
end
return #ids / 16
