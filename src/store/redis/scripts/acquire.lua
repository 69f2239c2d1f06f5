-- KEYS: the name, its lease, its queue, its waiters.
-- ARGV: owner, ttl (ms), party, reserve, how long to keep the record (ms), whether to wait (0, 1), and where the caller
-- listens: 32 hex digits, or '' while it does not yet.
-- A token, once granted; else 0 busy, 3 busy for ever, 2 listen first, {position, ms left} in the queue, or trouble.
local call, owner, ttl = redis.call, ARGV[1], ARGV[2]
local clock = call('TIME')
local now = clock[1] .. string.sub('00000' .. clock[2], -6)

-- As a rule the resource is free, nobody waits and the clock is past the last token: three calls.
if call('SET', KEYS[1], owner, 'NX', 'PX', ttl) then
  local last = now
  if ARGV[4] ~= '0' then last = string.format('%016.0f', now + ARGV[4]) end
  local old = call('SET', KEYS[2], '0' .. last .. now .. '1' .. now .. owner .. ARGV[3], 'PX', ARGV[5], 'GET')
  if (not old or string.sub(old, 1, 17) < '0' .. now) and #now == 16 then return now end
  -- It isn't so: back to where it was, and the long way round.
  call('DEL', KEYS[1])
  if old then call('SET', KEYS[2], old, 'PX', ARGV[5]) else call('DEL', KEYS[2]) end
end

--@include record.lua
--@include hand_on.lua
--@include take_up.lua

local held, record = read()
if held == nil then return wrong_type() end
local info
if not held then
  -- It may stand in the queue itself, and have been silent for too long: this is its sign of life.
  info = call('HGET', waiters, owner)
  if info then call('HSET', waiters, owner, now .. string.sub(info, 17)) end
  held, record = hand_on(record, {[owner] = true})
end
if held == owner then return take_up(record, ARGV[3], ARGV[4], ARGV[5]) end
if not held then  -- And nobody alive waits.
  if info then leave(owner) end
  local token, last = next_token(record, ARGV[4])
  if not token then return too_late() end
  call('SET', name, owner, 'PX', ttl)
  write(has_queue(record), last, token, '1', owner, ARGV[3], ARGV[5])
  return token
end

if ARGV[6] == '0' then
  if has_queue(record) == '1' then leave(owner) end
  return call('PTTL', name) == -1 and 3 or 0
end
info = info or call('HGET', waiters, owner)
if info and call('ZSCORE', queue, owner) then
  call('HSET', waiters, owner, now .. string.sub(info, 17))
else
  if ARGV[7] == '' then return 2 end
  forget_some()
  local tail = call('ZRANGE', queue, -1, -1, 'WITHSCORES')
  local ticket = tail[2] and math.max(now, tail[2] + 1) or now
  call('ZADD', queue, string.format('%.0f', ticket), owner)
  call('HSET', waiters, owner, now .. now .. string.format('%010d', ARGV[4]) .. ARGV[7] .. ARGV[3])
  mark_queue(record)
  touch()
end
return place(owner)
