-- A value in Redis that refuses writers whose lock has passed on to somebody else.
--
--   holdfast run stock -- sh -c 'redis-cli --eval fenced_set.lua stock:nails , 90 "$HOLDFAST_TOKEN"'
--
-- KEYS[1]: a hash with the fields `value` and `token`. ARGV: the new value, the writer's fencing token.
-- Answers 1 if the value was written, 0 if a higher token has written before. The check and the write are one step, since
-- a script runs alone. Tokens stay below 2^53, which a Lua number holds exactly: never join one to a string by `..`, which
-- keeps 14 digits.
local written = tonumber(redis.call('HGET', KEYS[1], 'token') or '0')
local token = tonumber(ARGV[2])
if not token then return redis.error_reply('ERR the fencing token is missing or no number') end
if token < written then return 0 end
redis.call('HSET', KEYS[1], 'value', ARGV[1], 'token', ARGV[2])
return 1
