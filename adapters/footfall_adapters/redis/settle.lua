-- Settles with the buckets of one property; the same rule as `footfall_core.quota.bucket.settle`, by Redis's own clock.
--
-- KEYS[1]: a hash of the property's buckets; each has two fields, named after its limit: tokens, and Unix microseconds.
-- ARGV: six for each bucket: the limit's name, tokens a second, tokens of a full one, the least that is handed out,
-- tokens spent, tokens wanted.
-- Returns two for each bucket, as text because Redis cuts numbers off behind the point: tokens granted, tokens left.

local ROUNDING = 1e-6

local clock = redis.call("TIME")
local now = clock[1] * 1000000 + clock[2]
local answer, longest = {}, 0

for at = 1, #ARGV, 6 do
  local name, per_second, burst = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local least, spent, wanted = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  local was = redis.call("HMGET", KEYS[1], name, name .. ":at")
  local tokens = burst
  if was[1] and was[2] then
    local filled = math.max(0, now - tonumber(was[2])) * per_second / 1000000
    tokens = math.min(burst, tonumber(was[1]) + filled)
  end
  tokens = tokens - spent
  local granted = 0
  if tokens >= least - ROUNDING then
    granted = math.min(wanted, tokens)
  end
  tokens = tokens - granted
  redis.call("HSET", KEYS[1], name, string.format("%.6f", tokens), name .. ":at", string.format("%.0f", now))
  answer[#answer + 1] = string.format("%.6f", granted)
  answer[#answer + 1] = string.format("%.6f", tokens)
  longest = math.max(longest, (burst - tokens) / per_second)
end

-- a bucket that is full is the same as none
redis.call("PEXPIRE", KEYS[1], math.ceil(math.min(longest, 1e9) * 1000) + 1000)
return answer
