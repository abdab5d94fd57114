-- Writes a change of one partition's popularity, if nobody wrote it since it was read. It never expires: it is the mark
-- that the partition's effects are stored.
-- KEYS[1] popularity "pop:{partition}"
-- ARGV[1] the first bytes that it must have ("" : it must not be there), ARGV[2] how many bytes those are at most
-- ARGV[3] "1" : what follows takes the place of everything, "0" : it is written over what is there
-- ARGV[4], ARGV[5] position and bytes, then ARGV[6], ARGV[7], and so on
-- Answers 1 if written, 0 if the popularity is no longer the one that was read.
if redis.call('GETRANGE', KEYS[1], 0, tonumber(ARGV[2]) - 1) ~= ARGV[1] then
  return 0
end
if ARGV[3] == '1' then
  redis.call('DEL', KEYS[1])
end
for i = 4, #ARGV, 2 do
  redis.call('SETRANGE', KEYS[1], ARGV[i], ARGV[i + 1])
end
return 1
