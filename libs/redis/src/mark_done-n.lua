-- Marks ids as done: one call, however many. (A pipeline of SETs costs the client six times the CPU.)
--
-- KEYS[1…n]  one key an id
-- ARGV[1]    the value: creation time of the stream that the events went to
-- ARGV[2]    seconds until the marks are forgotten
--
-- Returns the number of keys set. With `noeviction` and no memory left it fails with OOM; the marks set
-- until then stay and are right.
for i = 1, #KEYS do
  redis.call('SET', KEYS[i], ARGV[1], 'EX', ARGV[2])
end
return #KEYS
