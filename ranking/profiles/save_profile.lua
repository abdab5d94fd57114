-- Writes one agent's profile and the identities that it includes, if nobody wrote them since they were read.
-- KEYS[1] profile "p:{agent}", KEYS[2] identities "i:{agent}" (same hash slot)
-- ARGV[1] the first bytes that the profile must have ("" : it must not be there), ARGV[2] how many bytes those are at most
-- ARGV[3] new profile, ARGV[4] bytes to drop at the front of the identities, ARGV[5] bytes to append to them
-- ARGV[6] milliseconds that the profile is kept, ARGV[7] milliseconds that the identities are kept
-- Answers 1 if written, 0 if the profile is no longer the one that was read.
if redis.call('GETRANGE', KEYS[1], 0, tonumber(ARGV[2]) - 1) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[6])
local drop = tonumber(ARGV[4])
if drop > 0 then
  redis.call('SET', KEYS[2], redis.call('GETRANGE', KEYS[2], drop, -1) .. ARGV[5])
else
  redis.call('APPEND', KEYS[2], ARGV[5])
end
redis.call('PEXPIRE', KEYS[2], ARGV[7])
return 1
