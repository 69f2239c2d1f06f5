-- The record of a lease, beside the plain key that only says who holds:
--   1      '1' if a queue may stand
--   2-17   last: the highest token given or set aside
--   18-33  token of the holder
--   34     '0' while a hand-off awaits its claim
--   35-50  since when it is held
--   51-82  owner: whom the rest is about; only while the plain key says the same does it hold the resource
--   83-    party
-- A waiter: 1-16 last sign of life, 17-32 since when, 33-42 reserve, 43-74 where its client listens, 75- party.
-- Times are the server's, in microseconds, and so are tokens: 16 digits, for Lua's `..` would cut a number.
local sub, call = string.sub, redis.call
local name, lease, queue, waiters = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local KEEP, QUEUE_KEEP, WINDOW = 86400000, 600000, 2000  -- ms
local NOBODY = string.rep('0', 32)
now = string.sub('0000000000' .. now, -16)

local function digits(number) return string.format('%016.0f', number) end

-- Who holds (false: nobody; nil: the key is no string) and the record (false: none, or none that can be read).
local function read()
  local both = call('MGET', name, lease)
  if both[2] and (#both[2] < 82 or not string.find(both[2], '^' .. string.rep('%d', 50))) then both[2] = false end
  if not both[1] and call('EXISTS', name) == 1 then return nil, both[2] end
  return both[1], both[2]
end

local function wrong_type() return {'type', call('TYPE', name).ok} end
local function too_late() return {'clock'} end

local function has_queue(record) return record and sub(record, 1, 1) or '0' end
local function is_about(record, who) return record and sub(record, 51, 82) == who end

-- The next token and the last one with those set aside; nothing if they would not fit into 53 bits.
local function next_token(record, reserve)
  local token = math.max(record and sub(record, 2, 17) + 1 or 0, tonumber(now))
  local last = token + reserve
  if last >= 9007199254740992 then return end
  return digits(token), digits(last)
end

local function write(queued, last, token, claimed, who, party, keep)
  local record = queued .. last .. token .. claimed .. now .. who .. party
  call('SET', lease, record, 'PX', keep)
  return record
end

local function mark_queue(record)
  if record then
    if sub(record, 1, 1) ~= '1' then call('SETRANGE', lease, 0, '1') end
  else
    local zero = digits(0)
    write('1', zero, zero, '1', NOBODY, '', KEEP)
  end
end

local function leave(who)
  call('ZREM', queue, who)
  call('HDEL', waiters, who)
end

local function touch()
  call('PEXPIRE', queue, QUEUE_KEEP)
  call('PEXPIRE', waiters, QUEUE_KEEP)
end

-- Where a waiter stands; 1 (gone) if its ticket was lost (evicted, say) but not the rest: then it asks again.
local function place(who)
  local rank = call('ZRANK', queue, who)
  if rank then return {rank, call('PTTL', name)} end
  call('HDEL', waiters, who)
  return 1
end
