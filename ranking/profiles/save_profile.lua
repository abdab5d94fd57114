-- Writes profiles and the identities that they include, each if nobody wrote it since it was read.
-- KEYS[1] profile "p:{agent}", KEYS[2] identities "i:{agent}" (same hash slot); then two more keys for each more agent,
-- which a Redis Cluster is never asked to take together
-- ARGV[1] how many first bytes of a profile are compared
-- ARGV[2] milliseconds that profiles are kept, ARGV[3] milliseconds that identities are kept
-- ARGV[4] the first bytes that the profile must have ("" : it must not be there), ARGV[5] new profile ("" : it is taken
-- away with its identities),
-- ARGV[6] bytes to drop at the front of the identities, ARGV[7] bytes to append to them; then four more for each more agent
-- Answers 1 if all were written, 0 if some were not because they are no longer what was read.
local last, written = tonumber(ARGV[1]) - 1, 1
for k = 1, #KEYS, 2 do
  local a = 2 + 2 * k
  if redis.call('GETRANGE', KEYS[k], 0, last) == ARGV[a] then
    if ARGV[a + 1] == '' then
      redis.call('DEL', KEYS[k], KEYS[k + 1])
    else
      redis.call('SET', KEYS[k], ARGV[a + 1], 'PX', ARGV[2])
      if ARGV[a + 2] == '0' then
        redis.call('APPEND', KEYS[k + 1], ARGV[a + 3])
      else
        redis.call('SET', KEYS[k + 1], redis.call('GETRANGE', KEYS[k + 1], ARGV[a + 2], -1) .. ARGV[a + 3])
      end
      redis.call('PEXPIRE', KEYS[k + 1], ARGV[3])
    end
  else
    written = 0
  end
end
return written
