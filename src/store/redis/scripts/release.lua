-- KEYS: as for acquire. ARGV: owner, the highest token used (16 digits). 1 released, 0 was not held.
local call, owner = redis.call, ARGV[1]
local both = call('MGET', KEYS[1], KEYS[2])
-- As a rule nobody waits and there is nothing to write back: two calls.
if both[1] == owner and both[2] and string.sub(both[2], 1, 17) == '0' .. ARGV[2] then
  call('DEL', KEYS[1])
  return 1
end
local clock = call('TIME')
local now = clock[1] .. string.sub('00000' .. clock[2], -6)
--@include record.lua
--@include hand_on.lua

local held, record = read()
if held ~= owner then
  if held == false and has_queue(record) == '1' then hand_on(record, {}) end
  return 0
end
local used = ARGV[2]
if record then
  local least = is_about(record, owner) and sub(record, 18, 33) or sub(record, 2, 17)
  if used < least then used = least end
  if is_about(record, owner) and used > sub(record, 2, 17) then used = sub(record, 2, 17) end
end
set_free(record, used, {})
return 1
