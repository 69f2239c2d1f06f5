-- A waiter is alive within STALE of its last sign of life (either way: clocks are set back), which is no longer than
-- the claim window: so a row of dead ones costs one window in all. After FORGET it has lost its place.
local STALE, FORGET = 2000000, 30000000

local function age(info) return info and math.abs(now - sub(info, 1, 16)) or FORGET end

-- Tells the client where that waiter listens. False if nobody listens there; true also if it can't be told.
local function reached(who, info)
  local where = sub(info, 43, 74)
  if where == NOBODY then return true end
  return redis.pcall('PUBLISH', 'holdfast:' .. where, who) ~= 0
end

-- Makes `who` the holder for as long as a claim may take. Its ticket goes first: a waiter that finds neither a ticket
-- nor a hand-off asks again.
local function give(record, who, info, more)
  local token, last = next_token(record, sub(info, 33, 42))
  if not token then return false, record end
  leave(who)
  call('SET', name, who, 'PX', WINDOW)
  return who, write(more and '1' or '0', last, token, '0', who, sub(info, 75), KEEP)
end

-- Hands the resource, which is free, to the first live waiter. Who holds it then, and the record. `known`: owners
-- that need not be told, for this call's answer does it.
local function hand_on(record, known)
  local from, step = 0, 8
  while true do
    local some = call('ZRANGE', queue, from, from + step - 1)
    if #some == 0 then break end
    local infos = call('HMGET', waiters, unpack(some))
    for i, who in ipairs(some) do
      local old = age(infos[i])
      if old >= FORGET then
        leave(who)
      else
        if old < STALE and (known[who] or reached(who, infos[i])) then
          return give(record, who, infos[i], from > 0 or #some > 1)
        end
        from = from + 1
      end
    end
    step = 64
  end
  if from == 0 and has_queue(record) == '1' then
    call('SETRANGE', lease, 0, '0')
    record = '0' .. sub(record, 2)
  end
  return false, record
end

-- Dead waiters behind a live one are never walked past: a few are looked at whenever somebody joins.
local function forget_some()
  for _, who in ipairs(call('ZRANDMEMBER', queue, 3)) do
    if age(call('HGET', waiters, who)) >= FORGET then leave(who) end
  end
end

-- Takes the holder off, whose lease this is, and hands on. `used`: the highest token of it, as far as is known.
local function set_free(record, used, known)
  call('DEL', name)
  if record then
    record = sub(record, 1, 1) .. used .. sub(record, 18, 33) .. '1' .. sub(record, 35)
    call('SETRANGE', lease, 0, sub(record, 1, 34))
  else
    record = write('0', used, used, '1', NOBODY, '', KEEP)
  end
  return hand_on(record, known)
end
