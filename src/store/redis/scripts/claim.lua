-- KEYS: as for acquire. ARGV: owner, ttl (ms), party, reserve, how long to keep the record (ms; 0: as it is).
-- A token, once held; else {position, ms left} in the queue, 1 gone, or trouble.
local call, owner, ttl = redis.call, ARGV[1], ARGV[2]
local clock = call('TIME')
local now = clock[1] .. string.sub('00000' .. clock[2], -6)
--@include record.lua
--@include hand_on.lua
--@include take_up.lua

local held, record = read()
if held == owner then return take_up(record, ARGV[3], ARGV[4], ARGV[5]) end
if held == nil then return wrong_type() end
local info = call('HGET', waiters, owner)
if info then call('HSET', waiters, owner, now .. sub(info, 17)) end
if not held then
  held, record = hand_on(record, {[owner] = true})
  if held == owner then return take_up(record, ARGV[3], ARGV[4], ARGV[5]) end
  if not held and is_about(record, owner) and sub(record, 34, 34) == '0' then
    -- Its hand-off ran out, and nobody else wanted the resource since. Somebody may have seen it free: another token.
    local token, last = next_token(record, ARGV[4])
    if not token then return too_late() end
    call('SET', name, owner, 'PX', ttl)
    write(has_queue(record), last, token, '1', owner, ARGV[3], math.max(KEEP, tonumber(ARGV[5])))
    return token
  end
end
if not info then return 1 end
if not held then
  leave(owner)
  return 1
end
return place(owner)
