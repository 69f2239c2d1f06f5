-- KEYS: the names of n resources, then the leases whose records are to be kept longer. ARGV: n, for each name its
-- owner and ttl (ms), for each of those leases how long (ms). One letter for each name: r renewed, l lost.
local call = redis.call
local n = tonumber(ARGV[1])
local held = call('MGET', unpack(KEYS, 1, n))
local verdicts = {}
for i = 1, n do
  if held[i] == ARGV[2 * i] then
    call('PEXPIRE', KEYS[i], ARGV[2 * i + 1])
    verdicts[i] = 'r'
  else
    verdicts[i] = 'l'
  end
end
for i = n + 1, #KEYS do call('PEXPIRE', KEYS[i], ARGV[n + 1 + i]) end
return table.concat(verdicts)
