-- KEYS: as for acquire. ARGV: token (16 digits) or '', owner or ''. 1 broken, 0 no such lease; the plain key's value
-- if a token was asked for and the holder is none of ours.
local call = redis.call
local clock = call('TIME')
local now = clock[1] .. string.sub('00000' .. clock[2], -6)
--@include record.lua
--@include hand_on.lua

local held, record = read()
if held == nil then return wrong_type() end
if not held then return 0 end
if ARGV[2] ~= '' and held ~= ARGV[2] then return 0 end
local ours = is_about(record, held)
if ARGV[1] ~= '' then
  if not ours then return held end
  if sub(record, 18, 33) ~= ARGV[1] then return 0 end
end
set_free(record, record and sub(record, 2, 17) or digits(0), {})
return 1
