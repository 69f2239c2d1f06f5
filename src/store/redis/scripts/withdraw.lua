-- KEYS: as for acquire. ARGV: owner. 1.
local call, owner = redis.call, ARGV[1]
local clock = call('TIME')
local now = clock[1] .. string.sub('00000' .. clock[2], -6)
--@include record.lua
--@include hand_on.lua

leave(owner)
local held, record = read()
if held == owner then
  -- A claimed lease may have passed turns on before its holder gave up: its reserve stays used.
  local used = digits(0)
  if is_about(record, owner) then
    used = sub(record, 34, 34) == '0' and sub(record, 18, 33) or sub(record, 2, 17)
  elseif record then
    used = sub(record, 2, 17)
  end
  set_free(record, used, {})
elseif is_about(record, owner) and sub(record, 34, 34) == '0' then
  call('SETRANGE', lease, 33, '1')  -- No late claim of a hand-off that ran out.
end
return 1
