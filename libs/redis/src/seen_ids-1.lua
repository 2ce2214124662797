-- Which ids are marked done: one call, however many.
--
-- KEYS[1]  what the key of each id begins with; the id's 16 bytes follow
-- ARGV[1]  the ids, 16 bytes each
--
-- Returns a text of one character an id, in their order: 1 it is marked, 0 it is not. (As a list of replies the same
-- costs the client six times the CPU.)
local prefix, ids = KEYS[1], ARGV[1]
local sub, min = string.sub, math.min
local keys, marks = {}, {}
for i = 1, #ids, 16 do
  keys[#keys + 1] = prefix .. sub(ids, i, i + 15)
end
-- unpack() has a bound of some thousands.
for from = 1, #keys, 1000 do
  local values = redis.call('MGET', unpack(keys, from, min(from + 999, #keys)))
  for i = 1, #values do
    marks[#marks + 1] = values[i] and '1' or '0'
  end
end
return table.concat(marks)
