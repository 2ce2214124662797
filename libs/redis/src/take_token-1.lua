-- Takes one token from a bucket that is refilled evenly. Redis' own clock counts, so that any number of
-- gateways share one bucket whatever their clocks say.
--
-- KEYS[1]  the bucket: "tokens time", tokens as a decimal fraction, time in microseconds
-- ARGV[1]  capacity: tokens in a full bucket
-- ARGV[2]  window: milliseconds in which an empty bucket becomes full
--
-- Returns {allowed, remaining, retry_after_ms, reset_ms}
--   allowed         1 or 0
--   remaining       whole tokens left
--   retry_after_ms  until one token is there, 0 when one is
--   reset_ms        until the bucket is full
local capacity = tonumber(ARGV[1])
local window_us = tonumber(ARGV[2]) * 1000
local clock = redis.call('TIME')
local now_us = tonumber(clock[1]) * 1000000 + tonumber(clock[2])

local tokens = capacity
local stored = redis.call('GET', KEYS[1])
if stored then
  local stored_tokens, stored_us = string.match(stored, '^(%S+) (%S+)$')
  if stored_tokens then
    -- A clock set back adds nothing; the smaller capacity of a new configuration holds at once.
    local elapsed_us = math.max(0, now_us - tonumber(stored_us))
    tokens = math.min(capacity, tonumber(stored_tokens) + elapsed_us * capacity / window_us)
  end
end

local allowed = 0
if tokens >= 1 then
  allowed = 1
  tokens = tokens - 1
end

local reset_ms = math.ceil((capacity - tokens) * window_us / capacity / 1000)
if allowed == 1 then
  -- A bucket that is full again is the same as none: the key lives no longer than that. (A refusal takes
  -- nothing, so the old value and its life stay right.)
  redis.call('SET', KEYS[1], string.format('%.17g %.0f', tokens, now_us), 'PX', math.max(1, reset_ms))
end

local retry_after_ms = 0
if tokens < 1 then
  retry_after_ms = math.ceil((1 - tokens) * window_us / capacity / 1000)
end
return { allowed, math.floor(tokens), retry_after_ms, reset_ms }
