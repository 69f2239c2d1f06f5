-- KEYS: for each resource those of acquire. ARGV: for each waiter the number of its resource (from 0) and its owner.
-- One letter for each waiter: w waiting, y your turn, g gone.
local call = redis.call
local clock = call('TIME')
local now = clock[1] .. string.sub('00000' .. clock[2], -6)
--@include record.lua
--@include hand_on.lua

local function select(number)
  name, lease = KEYS[number * 4 + 1], KEYS[number * 4 + 2]
  queue, waiters = KEYS[number * 4 + 3], KEYS[number * 4 + 4]
end

-- First every sign of life, then the turns: else one waiter of the batch could be passed over for the next.
local known, queued = {}, {}
for i = 1, #ARGV, 2 do
  local number, who = tonumber(ARGV[i]), ARGV[i + 1]
  select(number)
  local info = call('HGET', waiters, who)
  if info then
    -- This first: where the server is out of memory, a script that has begun to write may go on writing.
    if not queued[number] then touch() end
    call('HSET', waiters, who, now .. sub(info, 17))
    known[who] = true
    queued[number] = true
  end
end
local holders = {}
for number = 0, #KEYS / 4 - 1 do
  select(number)
  local held, record = read()
  if queued[number] then
    if record then call('PEXPIRE', lease, math.max(KEEP, call('PTTL', lease))) end
    mark_queue(record)
    if not record then record = call('GET', lease) end
    if held == false then
      held = hand_on(record, known)
      -- With a waiter known to live somebody must have got it, or the queue was lost (evicted, say): they ask again.
      if not held then
        call('DEL', waiters)
        queued[number] = nil
      end
    end
  end
  holders[number] = held
end
local verdicts = {}
for i = 1, #ARGV, 2 do
  local number, who = tonumber(ARGV[i]), ARGV[i + 1]
  verdicts[#verdicts + 1] = holders[number] == who and 'y' or queued[number] and known[who] and 'w' or 'g'
end
return table.concat(verdicts)
