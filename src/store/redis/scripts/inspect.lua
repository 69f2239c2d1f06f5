-- KEYS: as for acquire. {the plain key's value or nil, ms left, the record or nil, the clock (us), {owner, waiter, ...}}
local call = redis.call
local clock = call('TIME')
local both = call('MGET', KEYS[1], KEYS[2])
if not both[1] and call('EXISTS', KEYS[1]) == 1 then return {'type', call('TYPE', KEYS[1]).ok} end
local queue, waiters = {}, call('ZRANGE', KEYS[3], 0, -1)
for from = 1, #waiters, 500 do
  local infos = call('HMGET', KEYS[4], unpack(waiters, from, math.min(from + 499, #waiters)))
  for i, info in ipairs(infos) do
    queue[#queue + 1] = waiters[from + i - 1]
    queue[#queue + 1] = info
  end
end
return {both[1], call('PTTL', KEYS[1]), both[2], clock[1] .. string.sub('00000' .. clock[2], -6), queue}
