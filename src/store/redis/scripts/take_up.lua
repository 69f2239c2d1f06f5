-- The caller is the holder: its lease begins (a hand-off) or goes on (an answer was lost), and is never shortened, for
-- this may be a late copy of an old request, and the lease refreshed since.
local function take_up(record, party, reserve, keep)
  local begins = is_about(record, owner) and sub(record, 34, 34) == '0'
  if begins or call('PTTL', name) < tonumber(ttl) then call('PEXPIRE', name, ttl) end
  if begins then call('SETRANGE', lease, 33, '1' .. now) end
  if is_about(record, owner) then
    if keep ~= '0' then call('PEXPIRE', lease, keep) end
    return sub(record, 18, 33)
  end
  -- The record was lost (evicted, say), and the token with it.
  local token, last = next_token(record, reserve)
  if not token then return too_late() end
  write(has_queue(record), last, token, '1', owner, party, math.max(KEEP, tonumber(keep)))
  return token
end
